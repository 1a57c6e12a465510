"""Each program in examples/patterns checks its own result: it ends with 0, has no race, and leaves no goroutine behind."""

import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

import godwit_testing as gt

FOLDER = gt.REPO / "examples" / "patterns"
ALL = sorted(p.stem for p in FOLDER.glob("*.c"))
PROGRAMS = [p for p in ALL if p != "redis_lock"]  # needs a server: a test of its own


@pytest.fixture(params=PROGRAMS)
def pattern(request):
    return FOLDER / f"{request.param}.c"


def test_plain(pattern, programs):
    program = programs(pattern, "-O2", race=False)
    for procs in (1, 4):
        r = gt.run(program, env={"GOMAXPROCS": procs})
        assert r.status == 0 and r.stderr == "" and r.stdout, r


def test_race(pattern, programs, tmp_path, full):
    program = programs(pattern, "-O1")
    for procs in (1, 2, 8) * (30 if full else 1):
        run = gt.run_race(program, folder=tmp_path, env={"GOMAXPROCS": procs})
        assert (run.status, run.findings, run.result.stderr) == (0, [], ""), run


def test_under_stress(pattern, programs, tmp_path):
    """Choices that a scheduler makes rarely, made often."""
    run = gt.run_race(programs(pattern, "-O1"), folder=tmp_path, options="stress=all")
    assert (run.status, run.findings, run.result.stderr) == (0, [], ""), run


def test_gcc(tmp_path):
    """They are plain C for any compiler."""
    gcc = shutil.which("gcc")
    r = gt.run(gcc, "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Werror", f"-I{gt.REPO / 'include'}",
               *FOLDER.glob("*.c"))
    assert (r.status, r.stderr) == (0, ""), r


@contextlib.contextmanager
def redis_server():
    """A server of our own, that keeps nothing; yields the path of its socket (short enough for one)."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no",
                                   "--dir", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for _ in range(20 * gt.TIMEOUT):
                assert server.poll() is None, server.stdout.read().decode()
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
                    s.connect(path)
                    break
                time.sleep(0.05)
            yield path
        finally:
            server.terminate()
            server.communicate(timeout=gt.TIMEOUT)


def test_redis_lock(programs, tmp_path):
    """On a real server, through hiredis: all counts arrive, and a lock that was lost can't be given back."""
    source = FOLDER / "redis_lock.c"
    with redis_server() as path:
        r = gt.run(programs(source, "-O1", "-lhiredis", race=False), path)
        assert (r.status, r.stdout, r.stderr) == (0, "5 clients counted to 100\n", ""), r
        run = gt.run_race(programs(source, "-O1", "-lhiredis"), path, folder=tmp_path)
        assert (run.status, run.findings, run.result.stderr) == (0, [], ""), run


def test_philosophers_who_dine_badly(programs):
    source = FOLDER / "philosophers.c"
    for race, status in ((False, 2), (True, 66)):
        program = programs(source, "-O1", race=race)
        r = gt.run(program, "deadlock")
        assert r.status == status and "fatal error: all goroutines are asleep - deadlock!" in r.stderr, r
        assert r.stderr.count("[sync.Mutex.Lock]") == 5, r
        r = gt.run(program, "livelock")
        assert (r.status, r.stdout) == (0, "5 philosophers had 0 meals\n"), r


def test_the_table_has_them_all():
    table = re.findall(r"^\| [^|]+ \| `(\w+)\.c` \| [^|]+ \|$", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(table) == ALL
