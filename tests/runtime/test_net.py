"""Files, sockets and signals: only the goroutine waits. The programs check themselves; here they are built plain and with
-race, and run on 1, 2 and 64 processors, and under the stress switches."""

import re
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

HERE = Path(__file__).parent / "programs"
FLAGS = ["-g", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
KINDS = ["gcc", "godwit", "race"]


@pytest.fixture(scope="session")
def built(build, tmp_path_factory):
    folder, done = tmp_path_factory.mktemp("net"), {}

    def program(name, kind):
        if (name, kind) not in done:
            out = folder / f"{name}-{kind}"
            command = {"gcc": [shutil.which("gcc-12") or "gcc", f"-I{gt.REPO / 'include'}"], "godwit": [gt.GODWIT_CLANG],
                       "race": [gt.GODWIT_CLANG, "-race"]}[kind]
            libraries = [gt.BUILD / "lib/godwit/libgodwit.a", "-lpthread"] if kind == "gcc" else []
            r = gt.run(*command, *FLAGS, HERE / f"{name}.c", "-o", out, *libraries, timeout=300)
            assert r.status == 0, r
            done[name, kind] = out
        return done[name, kind]

    return program


def passes(program, *args, **env):
    r = gt.run(program, *args, env=env)
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("procs", [1, 2, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_net(built, kind, procs):
    passes(built("net", kind), GOMAXPROCS=procs)


@pytest.mark.parametrize("kind", ["gcc", "race"])
def test_net_under_stress(built, kind):
    passes(built("net", kind), GOMAXPROCS=2, GODWIT="stress=all")


@pytest.mark.parametrize("procs", [1, 2, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_signals(built, kind, procs):
    passes(built("signals", kind), GOMAXPROCS=procs)


@pytest.mark.parametrize("kind", ["gcc", "race"])
def test_signal_to_an_idle_process(built, kind):
    """The first thing that it does is to wait for a signal; then any goroutine ends the process."""
    p = subprocess.Popen([built("signals", kind), "ready"], env=gt.environment(), stdout=subprocess.PIPE)
    try:
        assert p.stdout.readline() == b"ready\n"
        p.terminate()
        assert p.wait(timeout=60) == 9
    finally:
        p.kill()
        p.stdout.close()


@pytest.mark.parametrize("kind", ["gcc", "race"])
def test_ten_thousand_connections(tmp_path, kind):
    """One server, as many connections as the machine allows, up to 10,000; 1,000 under -race."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    many = min(limit - 200, 10_000 if kind == "gcc" else 1_000)
    server = gt.compile_c(gt.REPO / "bench/go/echo/echo.c", tmp_path / "server", "-O2", race=kind == "race")
    client = tmp_path / "client"
    r = gt.run("cc", "-O1", gt.REPO / "bench/go/echo/client.c", "-o", client)
    assert r.status == 0, r

    def allow():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    p = subprocess.Popen([server], env=gt.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=allow)
    try:
        r = gt.run(client, p.stdout.readline().decode().strip(), many, many * 2, 100)
        assert r.status == 0, r
        threads = re.search(r"Threads:\s*(\d+)", Path(f"/proc/{p.pid}/status").read_text())[1]
        assert int(threads) < 50
    finally:
        p.kill()
        _, errors = p.communicate()
    assert not errors
