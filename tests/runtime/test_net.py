"""Files, sockets and signals: only the goroutine waits. The programs check themselves; here they are built plain and with
-race, and run on 1, 2 and 64 processors, and under the stress switches."""

import re
import resource
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
            command = {"gcc": ["gcc", f"-I{gt.REPO / 'include'}"], "godwit": [gt.GODWIT_CLANG],
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
def test_closed_as_it_is_used(built, kind, procs):
    passes(built("closing", kind), GOMAXPROCS=procs)


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
        assert p.wait(timeout=gt.TIMEOUT) == 9
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


WAITERS = """
#include <signal.h>
#include <unistd.h>
#include "parked.h"
static void for_signal(bool subscribe) {
  gw_chan(int) c = gw_make(int, 1);
  if (subscribe) gw_signal_notify(c, SIGUSR1);
  gw_recv(c);
}
static void for_bytes(int fd) {
  char c;
  gw_read(fd, &c, 1);
}
int main(int argc, char **argv) {
  int p[2];
  (void)argv;
  if (pipe(p) != 0) return 1;
  gw_go(for_signal, argc == 1);
  if (argc == 1) gw_go(for_bytes, p[0]);
  await_parked(1, "chan receive");
  await_parked(argc == 1, "IO wait");
  return 0;
}
"""


@pytest.mark.parametrize("race", [False, True])
def test_who_waits_for_the_world_is_no_leak(programs, race):
    program = programs(WAITERS, "-O1", race=race)
    r = gt.run(program, env={"GODWIT": "leakcheck=1"})
    assert (r.status, r.stderr) == (0, ""), r
    r = gt.run(program, "no signal", env={"GODWIT": "leakcheck=1"})
    assert r.status == 66 and r.stderr.count("[GW1004]") == 1, r


def test_who_waits_for_the_world_is_not_asleep(programs):
    """All wait, and it is no deadlock, since a signal or a byte may come; without either it is."""
    source = """
#include <godwit.h>
#include <signal.h>
#include <unistd.h>
static void read_one(int fd) { char c; gw_read(fd, &c, 1); }
int main(int argc, char **argv) {
  int p[2];
  if (pipe(p) != 0) return 1;
  gw_chan(int) c = gw_make(int, 1);
  if (argv[1][0] == 's') gw_signal_notify(c, SIGTERM);
  if (argv[1][0] == 'b') gw_go(read_one, p[0]);
  if (argv[1][0] == 'c') { /* the last one that could be woken is, by a close */
    gw_go(read_one, p[0]);
    gw_sleep(GW_MS);
    gw_close_fd(p[0]);
  }
  gw_recv(c);
  return argc;
}
"""
    program = programs(source, "-O1", race=False)
    for way in ("signal", "bytes"):
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([program, way], env=gt.environment(), timeout=1, check=False)
    for way in ("nothing", "closed"):
        r = gt.run(program, way)
        assert r.status == 2 and r.stderr.startswith("fatal error: all goroutines are asleep"), r


@pytest.mark.parametrize("kind", ["gcc", "race"])
def test_signals_again_and_again(built, full, kind):
    """On one processor, where the monitor must wake in time to take it from a loop without end."""
    for _ in range(100 if full else 8):
        passes(built("signals", kind), GOMAXPROCS=1)


def test_sleeps_are_exact(programs):
    """The median of short sleeps is late by microseconds, not by the millisecond of a coarse poll; later than the system's
    own sleeps by no more, if the machine has other work."""
    program = programs(r"""
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
enum { TURNS = 200 };
static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}
static void nothing(void) {}
static void sleep_plainly(int64_t ns) { nanosleep(&(struct timespec){0, ns}, NULL); }
static void sleep_here(int64_t ns) { gw_sleep(ns); }
static int64_t lateness(void (*wait)(int64_t ns)) {
  int64_t from = gw_now();
  wait(20 * GW_US);
  return gw_now() - from - 20 * GW_US;
}
int main(void) {
  int64_t late[TURNS], plainly[TURNS], fd = gw_listen("127.0.0.1:0");
  gw_go(nothing);
  gw_set_read_deadline((int)fd, gw_now() + GW_MS);
  gw_accept((int)fd); /* from now on the sleeper sleeps in epoll_pwait2 */
  for (int i = 0; i < TURNS; i++) {
    late[i] = lateness(sleep_here);
    plainly[i] = lateness(sleep_plainly);
  }
  qsort(late, TURNS, sizeof late[0], compare);
  qsort(plainly, TURNS, sizeof plainly[0], compare);
  printf("%d %d\n", (int)(late[TURNS / 2] / GW_US), (int)(plainly[TURNS / 2] / GW_US));
  return late[0] < 0;
}
""", "-O1", race=False)
    r = gt.run(program)
    assert r.status == 0, r
    ours, the_system_s = map(int, r.stdout.split())
    assert ours < 300 + 3 * the_system_s, r  # a coarse poll would be late by 500 at least, on a machine that is idle
