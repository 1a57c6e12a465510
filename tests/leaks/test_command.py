"""`godwit leaks`: profiles of goroutines that wait, grouped, and what one has more than another."""

import re

import godwit_testing as gt

PROGRAM = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "parked.h"

static void forgotten(gw_chan(int) c) { gw_recv(c); }
static __attribute__((noinline)) void start(int n) {
  gw_chan(int) c = gw_make(int, 0);
  for (int i = 0; i < n; i++) gw_go(forgotten, c);
}
static void write_profile(const char *name, const char *file) {
  int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0 || gw_pprof_write(name, fd, 0) != 0) exit(9);
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 4) return 8;
  start(3);
  await_parked(3, "chan receive");
  write_profile("goroutine", argv[1]);
  start(2);
  await_parked(5, "chan receive");
  write_profile("goroutine", argv[2]);
  write_profile("goroutineleak", argv[3]);
  return gw_leak_check() == 5 ? 0 : 7;
}
"""


def test_profiles(programs, tmp_path):
    files = [tmp_path / name for name in ("older", "newer", "leaks")]
    program = programs(PROGRAM, "-O1", race=False)
    assert gt.run(program, *files).status == 0
    older, newer, leaks = files
    r = gt.run(gt.GODWIT, "leaks", newer)
    assert r.status == 0 and r.stdout.startswith("5 goroutines wait\n"), r
    assert re.search(r"^5 goroutines \[chan receive(, [^]]+)?\]\n(.*\n)? +forgotten  \S+\.c:7\n +created by start ", r.stdout,
                     re.M), r.stdout
    r = gt.run(gt.GODWIT, "leaks", leaks)
    assert r.status == 66 and re.search(r"^5 goroutines \[chan receive", r.stdout, re.M), r
    r = gt.run(gt.GODWIT, "leaks", "-diff", older, newer)
    assert r.status == 66 and re.search(r"^\+2 goroutines \[chan receive", r.stdout, re.M), r
    r = gt.run(gt.GODWIT, "leaks", "-diff", newer, older)
    assert r.status == 0 and r.stdout == "0 goroutines wait that did not before\n\n", r


def test_usage(tmp_path):
    assert gt.run(gt.GODWIT, "leaks").status == 64
    assert gt.run(gt.GODWIT, "leaks", "-diff", "one").status == 64
    r = gt.run(gt.GODWIT, "leaks", tmp_path / "none")
    assert r.status == 125 and "none" in r.stderr, r
