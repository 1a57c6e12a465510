"""Dumps of goroutines: at a fault, at SIGQUIT, with functions and lines, and without what tells them."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

SOURCE = Path(__file__).parent / "programs/dumps.c"
LINES = {text: n for n, line in enumerate(SOURCE.read_text().splitlines(), 1)
         for text in re.findall(r"/\* ([a-z ]+) \*/", line)}


@pytest.fixture(params=[False, True], ids=["plain", "race"])
def program(request, programs):
    return programs(SOURCE, "-O1", race=request.param)


def place(function, text):
    """Two lines of a dump: the function, its file and line."""
    return rf"{function}\(\.\.\.\)\n\t\S*/dumps\.c:{LINES[text]}( \+0x[0-9a-f]+)?\n"


CREATED = rf"created by start in goroutine 1\n\t\S*/dumps\.c:{LINES['starts']}( \+0x[0-9a-f]+)?\n"
WAITING = rf"\ngoroutine \d+ \[chan receive\]:\n{place('wait_for_ever', 'waits')}{CREATED}"
CHIEF = r'\ngoroutine 1 "chief" \[(sleep|running|runnable)\]:\n'


@pytest.mark.parametrize("way, head, sig, stack", [
    ("null", "unexpected fault address 0x0\nfatal error: fault\n"
     r"\[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x[0-9a-f]+\]\n", signal.SIGSEGV,
     place("look", "inlined") + place("deref", "deref") + place("by_null", "by null")),
    ("library", "unexpected fault address 0x5\nfatal error: fault\n"
     r"\[signal SIGSEGV: segmentation violation code=0x1 addr=0x5 pc=0x[0-9a-f]+\]\n", signal.SIGSEGV,
     r"\S*strlen\S*\(\.\.\.\)\n\t.*\n" + place("by_library", "by library")),
    ("nowhere", "unexpected fault address 0x0\nfatal error: fault\n"
     r"\[signal SIGSEGV: segmentation violation code=0x\w+ addr=0x0 pc=0x0\]\n", signal.SIGSEGV,
     r"\?\(\.\.\.\)\n" + place("by_nowhere", "by nowhere")),
    ("division", r"fatal error: unexpected signal\n"
     r"\[signal SIGFPE: floating-point exception code=0x1 addr=0x[0-9a-f]+ pc=0x[0-9a-f]+\]\n", signal.SIGFPE,
     place("by_division", "by division")),
], ids=["null", "library", "nowhere", "division"])
def test_faults(program, way, head, sig, stack):
    r = gt.run(program, way)
    assert r.status == -sig, r
    assert re.match(head + rf"\ngoroutine \d+ \[running\]:\n{stack}{CREATED}", r.stderr), r
    assert re.search(WAITING, r.stderr) and re.search(CHIEF, r.stderr), r


def interrupted(program, *args, **env):
    """Runs until ready, then sends SIGQUIT."""
    p = subprocess.Popen([program, *args], env=gt.environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    try:
        assert p.stdout.readline() == "ready\n"
        p.send_signal(signal.SIGQUIT)
        _, stderr = p.communicate(timeout=gt.TIMEOUT)
        return gt.Result(p.returncode, "", stderr)
    finally:
        p.kill()
        p.wait()


@pytest.mark.parametrize("procs", [1, 4])
def test_quit(program, procs):
    r = interrupted(program, "waiting", GOMAXPROCS=procs)
    assert r.status == 2 and re.match(r"SIGQUIT: quit\nPC=0x[0-9a-f]+ m=\d+ sigcode=0\n", r.stderr), r
    assert len(re.findall(WAITING, r.stderr)) == 2 and re.search(CHIEF + place("main", "main sleeps"), r.stderr), r
    assert "g_entry" not in r.stderr and "start_thread" not in r.stderr, r


@pytest.mark.parametrize("procs", [1, 4])
def test_quit_shows_what_runs(program, procs):
    """A goroutine that never calls the runtime, on whichever thread the signal came."""
    for _ in range(3):
        r = interrupted(program, "spinning", GOMAXPROCS=procs)
        assert r.status == 2, r
        assert re.search(rf"\ngoroutine \d+ \[running\]:\n{place('spin_for_ever', 'spins')}{CREATED}", r.stderr) or (
            procs == 1 and re.search(rf"\ngoroutine \d+ \[runnable\]:\n({place('spin_for_ever', 'spins')})?{CREATED}", r.stderr)), r


def test_the_programs_own_handlers_come_first(program):
    r = gt.run(program, "null", "segv")
    assert (r.status, r.stderr) == (7, ""), r
    assert interrupted(program, "waiting", "quit") == gt.Result(7, "", "")


def test_sent_by_somebody(program):
    """No fault: nothing to tell, and the process ends all the same."""
    p = subprocess.Popen([program, "waiting"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "ready\n"
    p.send_signal(signal.SIGSEGV)
    _, stderr = p.communicate(timeout=gt.TIMEOUT)
    assert (p.returncode, stderr) == (-signal.SIGSEGV, "")


def test_without_a_symboliser(build, tmp_path):
    """Names from the symbol table, module and offset instead of lines."""
    out = tmp_path / "dumps"
    r = gt.run("gcc", "-g", "-O0", "-fno-omit-frame-pointer", f"-I{gt.REPO / 'include'}", SOURCE,
               gt.BUILD / "lib/godwit/libgodwit.a", "-lpthread", "-o", out)
    assert r.status == 0, r
    r = gt.run(out, "null", env={"PATH": "/usr/bin:/bin"})
    assert r.status == -signal.SIGSEGV, r
    assert re.search(r"\n(look|deref)\(\.\.\.\)\n\t\S*/dumps\+0x[0-9a-f]+ \+0x[0-9a-f]+\n", r.stderr), r
    assert re.search(r"created by start in goroutine 1\n\t\S*/dumps\+0x", r.stderr), r
