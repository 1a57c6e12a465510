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
__attribute__((noinline)) static void touch(void) {
  cells[500] = 7;
  limit = 2;
  total = 1;
  points[100].im = 3;
  points[511].re = 3;
  marks[400] = 2;
  marks[401] = 3; /* no race: nobody looks beyond the first mark */
}
static void first(void) { IN_TURN(1, touch()); }
int main(void) {
  gw_go(first);
  IN_TURN(2, fill(); find(-5); turn(512); add(); seen = unmarked());
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
    assert len(judge(source, level, programs, tmp_path)) >= 6
