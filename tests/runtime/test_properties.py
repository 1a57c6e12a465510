"""Go's properties of the runtime (tests/README.md lists them): programs in properties/, plain and with -race, on 1, 2 and 64
processors, as they are and under the stress switches.  --full runs all of it 50 times."""

import re
from pathlib import Path

import pytest

import godwit_testing as gt

HERE = Path(__file__).parent / "properties"
GROUPS = sorted(p.stem for p in HERE.glob("*.c"))
FLAGS = ["-g", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror"]


@pytest.fixture(scope="session")
def built(build, tmp_path_factory):
    folder, done = tmp_path_factory.mktemp("properties"), {}

    def program(group, kind):
        if (group, kind) not in done:
            out = folder / f"{group}-{kind}"
            command = [gt.GODWIT_CLANG, "-race"]
            if kind == "plain":
                command = ["gcc", f"-I{gt.REPO / 'include'}"]
            libraries = [gt.BUILD / "lib/godwit/libgodwit.a", "-lpthread"] if kind == "plain" else []
            r = gt.run(*command, *FLAGS, HERE / f"{group}.c", "-o", out, *libraries, "-lm", timeout=300)
            assert r.status == 0, r
            done[group, kind] = out
        return done[group, kind]

    return program


@pytest.mark.parametrize("stress", ["", "all"])
@pytest.mark.parametrize("procs", [1, 2, 64])
@pytest.mark.parametrize("kind", ["plain", "race"])
@pytest.mark.parametrize("group", GROUPS)
def test_properties(built, full, group, kind, procs, stress):
    for _ in range(50 if full else 1):
        r = gt.run(built(group, kind), env={"GOMAXPROCS": procs, "GODWIT": f"stress={stress}"})
        assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("stress", ["yield", "steal", "next", "retake"])
def test_each_stress_alone(built, full, stress):
    for group in GROUPS:
        r = gt.run(built(group, "plain"), env={"GOMAXPROCS": 4, "GODWIT": f"stress={stress}"})
        assert (r.status, r.stderr) == (0, ""), r


def test_unknown_stress_is_a_warning(built):
    r = gt.run(built("channels", "plain"), "rendezvous", env={"GODWIT": "stress=yeild+steal"})
    assert r.status == 0 and "stress has no 'yeild'" in r.stderr, r


def test_stress_changes_the_order(built, programs):
    """On one processor goroutines run in turns; with stress=yield they don't."""
    program = programs(r"""
#include <godwit.h>
#include <stdio.h>
static void say(gw_waitgroup *w, int n) {
  printf("%d ", n);
  gw_waitgroup_done(w);
}
int main(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 50);
  for (int i = 0; i < 50; i++) gw_go(say, &w, i);
  gw_waitgroup_wait(&w);
}
""", "-O1", race=False)
    orders = {gt.run(program, env={"GOMAXPROCS": 1, "GODWIT": f"stress=yield+next"}).stdout for _ in range(5)}
    assert len(orders) > 1


def test_the_global_queue_keeps_its_turn_while_all_steal(programs):
    """One in 61 looks for work goes there first: so what comes by it waits for some 61 turns of each processor at most (and
    for its thread, which is why the worst rounds don't count).  Without, thieves that always find something never look there."""
    program = programs(r"""
#include <godwit.h>
#include <pthread.h>
#include <stdio.h>
static int stop, turns;
static void yield_until(int *until) {
  for (; !__atomic_load_n(until, __ATOMIC_ACQUIRE); gw_yield()) __atomic_add_fetch(&turns, 1, __ATOMIC_RELAXED);
}
static void raise_flag(int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELEASE); }
static void *from_outside(void *flag) {
  __atomic_store_n(&turns, 0, __ATOMIC_RELAXED);
  gw_go(raise_flag, (int *)flag);
  return NULL;
}
int main(void) {
  for (int round = 0; round < 60; round++) {
    gw_waitgroup all = {0};
    pthread_t thread;
    stop = 0;
    for (int i = 0; i < 100; i++) gw_waitgroup_go(&all, yield_until, &stop);
    pthread_create(&thread, NULL, from_outside, &stop);
    gw_waitgroup_wait(&all);
    pthread_join(thread, NULL);
    printf("%d ", turns);
  }
}
""", "-O1", race=False)
    for _ in range(5):
        r = gt.run(program, env={"GOMAXPROCS": 8, "GODWIT": "stress=all"})
        assert r.status == 0 and sorted(map(int, r.stdout.split()))[48] < 5000, r


def test_the_list_is_complete():
    """Each property that is tested is in the list, by its name, and each in the list is tested."""
    tested = {f"{group}.{name}" for group in GROUPS
              for name in re.findall(r"\bPROPERTY\((\w+)\)", (HERE / f"{group}.c").read_text())}
    text = (gt.REPO / "tests/README.md").read_text().split("## Properties of the runtime")[1].split("\n## ")[0]
    listed = {f"{m[1]}.{name}" for m in re.finditer(r"^\| `(\w+)\.c` \|(.*)$", text, re.M)
              for name in re.findall(r"`(\w+)`", m[2])}
    assert listed == tested
