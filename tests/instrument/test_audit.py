"""--audit: a build with every removed or moved check put back reports races at the same places."""

import pytest

import godwit_testing as gt

PROGRAMS = sorted((gt.REPO / "tests" / "race" / "programs").glob("*.c"))
SLOW = ("many_goroutines_race", "distance_race")
LOOPS = """
#include <godwit.h>
#include "barrier.h"
enum { N = 600 };
static long cells[N], total, limit = 1;
static struct { double re, im; } points[N];
static volatile int seen;
static int marks[N] = {[400] = 1};
static short kept[N];

__attribute__((noinline)) static void fill(void) { for (long i = 0; i < N; i++) cells[i] = i; }
__attribute__((noinline)) static long find(long what) {
  for (long i = 0; i < N; i++)
    if (cells[i] == what) return i;
  return -1;
}
__attribute__((noinline)) static void turn(unsigned long mask) {
  for (unsigned long i = 0; i < N; i++) {
    points[i & (mask - 1)].re += 1;
    points[i & (mask - 1)].im += 1;
  }
}
__attribute__((noinline)) static void add(void) {
  for (long i = 0; i < N; i += 3) total += cells[i] + limit;
}
__attribute__((noinline)) static _Bool unmarked(void) {
  _Bool ok = 1;
  for (unsigned i = 0; i < N; i++) ok = ok && marks[i] == 0;
  return ok;
}
__attribute__((noinline)) static long keep(void) {
  long n = 0;
  for (long i = 0; i < N; i++)
    if (cells[i] % 3) kept[n++] = (short)i;
  return n;
}
__attribute__((noinline)) static void touch(void) {
  cells[500] = 7;
  limit = 2;
  total = 1;
  points[100].im = 3;
  points[511].re = 3;
  marks[400] = 2;
  marks[401] = 3; /* no race: nobody looks beyond the first mark */
  kept[399] = 1;
  kept[400] = 1; /* no race: two of three are kept */
}
static void first(void) { IN_TURN(1, touch()); }
int main(void) {
  gw_go(first);
  IN_TURN(2, fill(); find(-5); turn(512); add(); seen = unmarked() + (int)keep());
  return 0;
}
"""


def places(run):
    """The kind and the two places of each finding."""
    found = set()
    for finding in run.findings:
        sides = [(a["stack"][0].get("file"), a["stack"][0].get("line")) for a in finding["accesses"]]
        found.add((finding["kind"], *sorted(map(str, sides))))
    return found


def judge(source, level, programs, folder):
    usual = gt.run_race(programs(source, level), folder=folder, timeout=300)
    audit = gt.run_race(programs(source, level, "--audit"), folder=folder, timeout=300)
    assert audit.status == usual.status
    assert places(audit) == places(usual)
    return places(usual)


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda p: p.stem)
def test_races_are_the_same(source, programs, full, tmp_path):
    if source.stem in SLOW and not full:
        pytest.skip("seconds")
    judge(source, "-O2", programs, tmp_path)


@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
def test_races_of_loops_are_the_same(level, programs, tmp_path):
    source = tmp_path / "loops.c"
    source.write_text(LOOPS)
    assert len(judge(source, level, programs, tmp_path)) >= 7

UPDATES = """
#include <godwit.h>
#include "barrier.h"
static long before, after, calm;
static gw_mutex mu;

static void update(long *p) {
  long old = *p;
  *p = old + 1;
}
__attribute__((noinline)) static void updates(void) {
  update(&before);
  update(&after);
  gw_mutex_lock(&mu);
  update(&calm);
  gw_mutex_unlock(&mu);
}
static void lock_and_touch(void) {
  gw_mutex_lock(&mu);
  calm = 7;
  gw_mutex_unlock(&mu);
}
static void first(void) { IN_TURN(1, { before = 3; lock_and_touch(); }); }
static void last(void) { IN_TURN(3, { after += before; lock_and_touch(); }); }
int main(void) {
  gw_go(first);
  gw_go(last);
  IN_TURN(2, updates());
  IN_TURN(4, ;);
  return 0;
}
"""


@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
def test_updates_race_at_their_write(level, programs, tmp_path):
    """A read that a write stands for is reported there; what races, and what doesn't, is the same with both in place."""
    source = tmp_path / "updates.c"
    source.write_text(UPDATES)
    usual = gt.run_race(programs(source, level), folder=tmp_path, timeout=300)
    audit = gt.run_race(programs(source, level, "--audit"), folder=tmp_path, timeout=300)
    variables = [{finding["variable"]["name"] for finding in run.findings} for run in (usual, audit)]
    assert usual.status == audit.status == 66
    assert variables == [{"before", "after"}] * 2
    line = 1 + UPDATES.splitlines().index("  *p = old + 1;")
    ours = [a for finding in usual.findings for a in finding["accesses"] if a["stack"][0]["function"] == "update"]
    assert {(a["op"], a["stack"][0]["line"]) for a in ours} == {("write", line)}
