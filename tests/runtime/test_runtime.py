"""The runtime as a program sees it: each C file in programs/ checks itself; here it is built by every compiler, plain and
with -race, and run on 1, 2 and 64 processors. Then messages, and what must not compile."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from godwit_testing import BUILD, GODWIT_CLANG, REPO, environment, run

HERE = Path(__file__).parent / "programs"
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror"]
COMPILERS = ["gcc", "clang-19"]
KINDS = [*COMPILERS, "godwit", "race"]
PROGRAMS = ["channels", "select", "locks", "times", "panics", "sched", "threads", "stacks", "errno", "forks"]


def compiler(name):
    path = shutil.which(name)
    assert path, f"{name} is needed for this test"
    return path


def command(kind, source, out, *flags):
    common = ["-g", *WARNINGS, *flags, source, "-o", out]
    if kind == "godwit":
        return [GODWIT_CLANG, *common, "-lm"]
    if kind == "race":
        return [GODWIT_CLANG, "-race", *common, "-lm"]
    return [compiler(kind), f"-I{REPO / 'include'}", *common, BUILD / "lib/godwit/libgodwit.a", "-lpthread", "-lm"]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Programs by (name, kind, flags), each built once."""
    folder, done = tmp_path_factory.mktemp("runtime"), {}

    def build(name, kind, *flags):
        key = (name, kind, flags)
        if key not in done:
            out = folder / f"{name}-{kind}-{len(done)}"
            r = run(*command(kind, HERE / f"{name}.c", out, *flags), timeout=300)
            assert r.status == 0, r
            done[key] = out
        return done[key]

    return build


@pytest.mark.parametrize("procs", [1, 2, 64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(built, name, kind, procs):
    program = built(name, kind, "-O2" if kind != "clang-19" else "-O0")
    r = run(program, env={"GOMAXPROCS": procs}, timeout=300)
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("kind", ["gcc", "godwit", "race"])
def test_main_among_threads(built, kind):
    r = run(built("threads", kind, "-O2"), "goroutines", timeout=120)
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("kind", ["clang-19", "godwit"])
def test_blocks(built, kind):
    r = run(built("blocks", kind, "-fblocks", "-O1"))
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("many", [100_000, 1_000_000])
def test_very_many(built, many):
    r = run(built("stacks", "gcc", "-O2"), many, timeout=600)
    assert (r.status, r.stderr) == (0, ""), r


def test_small_stacks_are_enough(built):
    r = run(built("channels", "gcc", "-O2"), env={"GODWIT": "stack_size=32768"}, timeout=120)
    assert (r.status, r.stderr) == (0, ""), r


# ---- messages ----

PANICS = {
    "panic": "panic: boom 7",
    "panic in goroutine": "panic: boom 7",
    "panic in call": "panic: boom 7",
    "send closed": "panic: send on closed channel",
    "try send closed": "panic: send on closed channel",
    "close closed": "panic: close of closed channel",
    "close nil": "panic: close of nil channel",
    "negative": "panic: sync: negative WaitGroup counter",
    "make": "panic: makechan: size out of range",
    "free in use": "panic: free of a channel with goroutines waiting on it",
}
FATAL = {
    "unlock": "fatal error: sync: unlock of unlocked mutex",
    "unlock twice": "fatal error: sync: unlock of unlocked mutex",
    "unlock in try": "fatal error: sync: unlock of unlocked mutex",
    "runlock": "fatal error: sync: RUnlock of unlocked RWMutex",
    "rw unlock": "fatal error: sync: Unlock of unlocked RWMutex",
}
ASLEEP = {
    "asleep receive": "chan receive",
    "asleep send": "chan send",
    "asleep nil receive": "chan receive (nil chan)",
    "asleep nil send": "chan send (nil chan)",
    "asleep select": "select",
    "asleep no cases": "select (no cases)",
    "asleep mutex": "sync.Mutex.Lock",
    "asleep rlock": "sync.RWMutex.RLock",
    "asleep waitgroup": "sync.WaitGroup.Wait",
    "asleep cond": "sync.Cond.Wait",
    "asleep goroutines": "chan receive",
    "asleep after sleep": "chan receive",
    "asleep after thread": "chan receive",
    "asleep after thread, started": "chan receive",
}
FRAMES = "-fno-omit-frame-pointer"


@pytest.mark.parametrize("way", PANICS)
def test_panic(built, way):
    r = run(built("messages", "gcc", FRAMES), way)
    lines = r.stderr.splitlines()
    assert r.status == 2 and lines[0] == PANICS[way] and lines[1] == "", r
    assert re.fullmatch(r"goroutine \d+ \[running\]:", lines[2]), r
    if way == "panic in goroutine":
        assert "boom(...)" in r.stderr and "created by main" in r.stderr, r


@pytest.mark.parametrize("way", FATAL)
def test_fatal_error(built, way):
    r = run(built("messages", "gcc", FRAMES), way)
    assert r.status == 2 and r.stderr.startswith(FATAL[way] + "\n\ngoroutine 1 [running]:\n"), r
    assert "main(...)" in r.stderr, r


@pytest.mark.parametrize("way", ASLEEP)
def test_all_asleep(built, way):
    r = run(built("messages", "gcc", FRAMES), way)
    assert r.status == 2, r
    assert r.stderr.startswith("fatal error: all goroutines are asleep - deadlock!\n\n"), r
    assert f"goroutine 1 [{ASLEEP[way]}]:\n" in r.stderr and "main(...)" in r.stderr, r
    if way == "asleep goroutines":
        assert re.search(r"goroutine \d+ \[chan receive \(nil chan\)\]:\nreceive\(\.\.\.\)\n", r.stderr), r
        assert re.search(r'goroutine \d+ "waiter" \[chan receive\]:\n', r.stderr), r
        assert r.stderr.count("created by main in goroutine 1") == 2, r


@pytest.mark.parametrize("way", ["asleep receive", "asleep goroutines", "unlock", "runlock"])
def test_findings_under_race(built, way):
    r = run(built("messages", "race"), way)
    message = FATAL.get(way, "fatal error: all goroutines are asleep - deadlock!")
    assert r.status == 66 and message in r.stderr, r
    assert ("GW1006" if way in FATAL else "GW1003") in r.stderr, r


def test_main_leaves(built):
    r = run(built("messages", "gcc", FRAMES), "main leaves")
    assert r.status == 2 and r.stderr.startswith("fatal error: all goroutines are asleep - deadlock!\n"), r
    r = run(built("messages", "gcc", FRAMES), "main leaves alone")
    assert r.status == 2, r
    assert r.stderr.startswith("fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"), r


def test_stack_overflow(built):
    r = run(built("messages", "gcc", FRAMES, "-O0"), "overflow")
    assert r.status == 2 and "fatal error: stack overflow\n" in r.stderr, r
    assert re.search(r"goroutine \d+ exceeds its stack of 262144 bytes in deep; GODWIT=stack_size=", r.stderr), r
    assert re.search(r"goroutine \d+ \[running\]:\n(.*\n)*deep\(\.\.\.\)", r.stderr), r


@pytest.mark.parametrize("frames, status", [(200, 0), (238, 2), (1000, 2)])
@pytest.mark.parametrize("guarded", [1000, 100])
def test_guards_of_older_kernels(tmp_path, guarded, frames, status):
    """Without markers mprotect guards the stacks, and beyond its limit canaries, with one line that says so."""
    if (guarded, frames) == (100, 1000):
        frames = 236  # canaries tell only of what stays within the guard's 16 KB
    program = tmp_path / "guards"
    r = run(compiler("gcc"), "-g", "-O0", FRAMES, *WARNINGS, f"-I{REPO / 'include'}", HERE / "guards.c",
            "-Wl,--wrap=prim_guard_marker,--wrap=prim_guard", BUILD / "lib/godwit/libgodwit_parts.a", "-lpthread", "-o",
            program)
    assert r.status == 0, r
    r = run(program, 200, guarded, frames)
    assert r.status == status, r
    assert r.stderr.count("further ones are checked when goroutines switch") == (guarded == 100), r
    assert ("fatal error: stack overflow\n" in r.stderr and "GODWIT=stack_size=" in r.stderr) == (status == 2), r


@pytest.mark.parametrize("signals", [True, False])
def test_signalled_before_it_parks(tmp_path, signals):
    """By a thread that has ended before the waiter, a thread too, is parked: so not all are asleep. Else they are."""
    program = tmp_path / "signalled"
    r = run(compiler("gcc"), "-g", "-O1", *WARNINGS, f"-I{REPO / 'include'}", HERE / "signalled.c",
            "-Wl,--wrap=gw_mutex_unlock", BUILD / "lib/godwit/libgodwit_parts.a", "-lpthread", "-o", program)
    assert r.status == 0, r
    r = run(program, *["signals"] * signals)
    told = "fatal error: all goroutines are asleep - deadlock!\n" in r.stderr
    assert (r.status, r.stdout, told) == ((0, "went on\n", False) if signals else (2, "", True)), r


def test_main_ends_the_process(built):
    assert run(built("messages", "gcc", FRAMES), "return").status == 7
    assert run(built("messages", "gcc", FRAMES), "exit").status == 5


def test_no_thread_without_goroutine(tmp_path):
    source = tmp_path / "alone.c"
    source.write_text("""#include <godwit.h>
#include <dirent.h>
int main(void) {
  gw_mutex m = {0};
  gw_mutex_lock(&m);
  gw_mutex_unlock(&m);
  gw_chan(int) c = gw_make(int, 1);
  gw_send(c, 1);
  gw_sleep(GW_MS);
  int n = 0;
  DIR *d = opendir("/proc/self/task");
  for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
  return n - gw_recv(c);
}
""")
    out = tmp_path / "alone"
    r = run(*command("gcc", source, out))
    assert r.status == 0, r
    assert run(out).status == 0


# ---- the header ----

@pytest.mark.parametrize("std", ["gnu11", "gnu17", "gnu2x"])
@pytest.mark.parametrize("name", COMPILERS)
def test_header_without_warning(tmp_path, name, std):
    blocks = ["-fblocks"] if name == "clang-19" else []
    for level in ("-O0", "-O2"):
        r = run(compiler(name), f"-std={std}", level, *WARNINGS, "-Wstrict-prototypes", *blocks, f"-I{REPO / 'include'}",
                "-c", HERE / "header.c", "-o", tmp_path / "header.o")
        assert r.status == 0 and not r.stderr, r


DECLARATIONS = """#include <godwit.h>
#include <stdio.h>
struct m { int a, b; };
void take_double(double), take_mixed(float, int), take_struct(struct m), take_int(int), take_text(char *), take_none(void);
struct m give_struct(int);
long double give_long_double(void);
void log_(struct m *, const char *, ...);
int i, *ip;
char *text;
float x;
struct m s;
gw_chan(int) ci;
gw_chan(char *) ct;
gw_mutex mu;
void test(void) {
%s
}
"""
COMPILES = ["gw_go(take_int, 1);", "gw_go(take_text, text);", "gw_send(ci, 1);", "gw_send(ct, text);",
            "gw_go(take_none);", "gw_go(take_text, NULL);", "gw_send(ct, NULL);", "gw_defer(gw_mutex_unlock, &mu);"]
MUST_NOT_COMPILE = """gw_go(take_double, 1);
gw_go(take_mixed, 1, 2);
gw_go(take_struct, s);
gw_go(take_int, 1.0);
gw_go(take_int, x);
gw_go(take_int, s);
gw_go(give_struct, 1);
gw_go(give_long_double);
gw_go(take_int);
gw_go(take_int, 1, 2);
gw_go(take_none, 1);
gw_go(take_int, text);
gw_go(take_text, ip);
gw_go(take_text, i);
gw_go(printf, "x");
gw_go(printf, "x", 3);
gw_go(fprintf, stderr, "x");
gw_go(snprintf, text, 3, "x");
gw_go(log_, &s, "x");
gw_go(log_, &s, "x", 3);
gw_go(i);
gw_send(ci, text);
gw_send(ct, ip);
gw_send(ct, 5);
gw_send(i, 5);
gw_send(ci);
gw_try_send(ct, ip);
gw_recv_ok(ci, text);
gw_recv_ok(ci, &text);
gw_try_recv(ci, &text);
gw_select { gw_on_send(ct, ip) {} }
gw_on_default {}
gw_select_of(GW_CASE_RECV(ci, &text));
gw_select_of(GW_CASE_SEND(ci, &text));
gw_chan(int[3]) array; (void)array;
gw_defer(gw_mutex_unlock, text);
gw_defer(take_int, 3.0);
gw_blocking(take_double, 1);
gw_try(NULL, take_double, 1);
gw_waitgroup w = {0}; gw_waitgroup_go(&w, take_double, 1);
gw_cond c; gw_cond_init(&c, &i);
gw_len(i);""".splitlines()


@pytest.mark.parametrize("include", ["-I", "-isystem"])
@pytest.mark.parametrize("name", COMPILERS)
def test_must_not_compile(tmp_path, name, include):
    """Errors, not warnings, also for an installed header, where compilers keep warnings back."""
    cc, wrong = compiler(name), []
    for code in COMPILES + MUST_NOT_COMPILE:
        p = subprocess.run([cc, include, REPO / "include", "-fsyntax-only", "-x", "c", "-"], env=environment(),
                           input=(DECLARATIONS % code).encode(), stderr=subprocess.PIPE, timeout=60)
        if (p.returncode == 0) != (code in COMPILES):
            wrong.append(code)
    assert not wrong


CHOICES = """
#include <godwit.h>
#include <stdio.h>
int main(void) {
  gw_chan(int) a = gw_make(int, 64), b = gw_make(int, 64);
  for (int i = 0; i < 64; i++) gw_send(a, 0), gw_send(b, 1);
  for (int i = 0; i < 64; i++) gw_select {
      gw_on_recv(a, x) { putchar('0' + x); }
      gw_on_recv(b, x) { putchar('0' + x); }
    }
}
"""


def test_a_seed_repeats_the_choices(programs):
    """64 of two: two series are the same by chance once in 2^64 runs."""
    exe = programs(CHOICES, race=False)
    first, again, other, none = (run(exe, env={"GODWIT": f"maxprocs=1 {seed}"}).stdout
                                 for seed in ("seed=7", "seed=7", "seed=8", ""))
    assert len(first) == 64 and first == again and len({first, other, none}) == 3
