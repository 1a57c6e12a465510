"""The script for gdb: goroutines of a live process and of a core file; and unwinding across a switch by others."""

import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

SCRIPT = gt.REPO / "runtime/gdb/godwit-gdb.py"
SOURCE = Path(__file__).parent / "programs/dumps.c"


@pytest.fixture(params=["plain", "race", "stripped"])
def program(request, programs):
    return programs(SOURCE, "-O1", *(["-s"] if request.param == "stripped" else []), race=request.param == "race")


def gdb(*commands, program=None, pid=None, core=None):
    """gdb's output for the commands."""
    args = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", *(["-p", pid] if pid else [program, core])]
    r = gt.run(*args, "-ex", f"source {SCRIPT}", *(x for c in commands for x in ("-ex", c)), env={"HOME": "/nonexistent"})
    assert "Python Exception" not in r.stderr and "Error occurred" not in r.stderr, r
    return r.stdout


@pytest.fixture
def process(program, tmp_path):
    """A program in which goroutine 2 waits, 3 spins and 1 sleeps; core files go to its folder."""
    def limits():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    p = subprocess.Popen([program, "spinning"], env=gt.environment(GOMAXPROCS="2"), stdout=subprocess.PIPE, text=True,
                         cwd=tmp_path, preexec_fn=limits)
    assert p.stdout.readline() == "ready\n"
    yield p
    p.kill()
    p.wait()


def check(named, stripped):
    main, waits, spins = ("main (", "wait_for_ever (", "spin_for_ever (") if not stripped else ("", "", "")
    assert re.search(rf'^. 1 "chief" \[sleep\] {re.escape(main)}', named, re.M), named
    assert re.search(rf"^  2 \[chan receive\] {re.escape(waits)}", named, re.M), named
    assert re.search(rf"^\* 3 \[running\] {re.escape(spins)}", named, re.M), named


COMMANDS = ("info goroutines", "echo --- 2\\n", "goroutine 2", "echo --- 1\\n", "goroutine 1 bt", "echo --- 3\\n",
            "goroutine 3", "echo --- after\\n", "bt")


def check_all(out, stripped):
    check(out, stripped)
    if stripped:
        return
    _, two, one, three, after = re.split(r"^--- .*\n", out, flags=re.M)
    numbers = [int(n) for n in re.findall(r"^#(\d+) ", two, re.M)]
    assert numbers == list(range(len(numbers))) and "wait_for_ever ()" in two and "main (" not in two, two
    assert re.search(r"g_entry .*\n#\d+ +0x\w+ in ctx_entry [^\n]*\n\Z", two), two  # it ends there, and nowhere else
    assert re.search(r" main \(.*\) at .*dumps\.c:\d+", one) and "wait_for_ever" not in one, one
    assert "spin_for_ever ()" in three and "corrupt" not in out, three
    assert "wait_for_ever" not in after, after  # the thread is as it was


def test_live(process):
    check_all(gdb(*COMMANDS, pid=process.pid), "-s" in process_flags(process))


def process_flags(process):
    return ["-s"] if ".symtab" not in gt.run("readelf", "-SW", process.args[0]).stdout else []


def test_core(process, tmp_path):
    if not re.match(r"core(\.%p)?$", Path("/proc/sys/kernel/core_pattern").read_text().strip()):
        pytest.skip("this system gives core files to a program, not to the folder")
    process.send_signal(signal.SIGABRT)
    assert process.wait(60) == -signal.SIGABRT
    (core,) = tmp_path.glob("core*")
    check_all(gdb(*COMMANDS, program=process.args[0], core=core), bool(process_flags(process)))


def test_a_command_on_a_goroutine(process):
    if process_flags(process):
        return
    out = gdb("goroutine 2 info registers rip", "goroutine 9 bt", "goroutine x", pid=process.pid)
    assert re.search(r"^rip .*<\w+\+\d+>$", out, re.M), out


def test_no_program_of_ours():
    r = gt.run("gdb", "-nx", "-batch", "/bin/true", "-ex", f"source {SCRIPT}", "-ex", "info goroutines")
    assert "no goroutines of godwit's" in r.stderr, r


def test_every_field_it_asks_for_is_in_the_table():
    table = {f"{s}.{f}" for s, f in re.findall(r"^DEBUG_FIELD\((\w+), (\w+)\)",
                                               (gt.REPO / "runtime/debug.inc").read_text(), re.M)}
    text = SCRIPT.read_text()
    asked = set(re.findall(r'"((?:g|m|g_tag|sched)\.\w+)"', text))
    asked |= {"g." + name for name in re.findall(r'\bfield\("(\w+)"', text)}
    assert len(asked) > 10 and asked <= table


UNWINDS = r"""
#define UNW_LOCAL_ONLY
#include <godwit.h>
#include <libunwind.h>
#include <stdio.h>
#include <string.h>
static __attribute__((noinline)) int walk(char *last) {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_word_t off;
  int n = 0, r;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  do {
    n++;
    unw_get_proc_name(&cursor, last, 100, &off);
  } while ((r = unw_step(&cursor)) > 0 && n < 100);
  return r < 0 ? r : n;
}
static void body(gw_chan(int) c) {
  char last[100];
  gw_yield();
  int n = walk(last);
  printf("%d %s\n", n, last);
  gw_send(c, 1);
}
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(body, c);
  gw_recv(c);
}
"""


@pytest.mark.parametrize("flags", [("-O2",), ("-O0", "-fomit-frame-pointer")])
def test_unwinders_come_to_an_end(build, tmp_path, flags):
    """By the unwind tables alone, from a goroutine that has been switched to: the end of its stack is told as an end."""
    source = tmp_path / "unwinds.c"
    source.write_text(UNWINDS)
    r = gt.run("gcc", "-g", *flags, f"-I{gt.REPO / 'include'}", source, gt.BUILD / "lib/godwit/libgodwit.a", "-lunwind",
               "-lpthread", "-o", tmp_path / "unwinds")
    assert r.status == 0, r
    r = gt.run(tmp_path / "unwinds")
    assert r.status == 0 and re.fullmatch(r"[3-6] ctx_entry\n", r.stdout), r
