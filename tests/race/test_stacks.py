"""Which calls led to an access that was reached by others before (tests/race/stacks)."""

import re

import pytest

import godwit_testing as gt

SAME_PLACE = gt.REPO / "tests" / "race" / "stacks" / "same_place.c"


def expected():
    """Variable -> lines of its later access's frames in the file, innermost first."""
    frames, names = {}, set()
    text = SAME_PLACE.read_text().split("#include", 1)[1]
    first = SAME_PLACE.read_text().split("#include", 1)[0].count("\n")
    for number, line in enumerate(text.splitlines(), first + 1):
        for name, numbers in re.findall(r"\[(\w+) ([\w ]+)\]", line):
            names.add(name)
            for n in numbers.split():
                frames.setdefault(name, {})[n] = number
    everyone = frames.pop("all")
    frames.pop("never")
    out = {}
    for name, by_number in frames.items():
        last = by_number.pop("last")
        by_number = {**everyone, **by_number}
        out[name] = [by_number[str(i)] for i in range(len(by_number))] + [last]
    return out


def later_stacks(run):
    found = {}
    for f in run.findings:
        stack = [s["line"] for s in f["accesses"][0]["stack"] if (s.get("file") or "").endswith(SAME_PLACE.name)]
        assert f["variable"]["name"] not in found, gt.show(f)
        found[f["variable"]["name"]] = stack
    return found


@pytest.mark.parametrize("processors", ["1", "2"])
@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3"])
def test_each_access_has_its_own_calls(level, processors, programs, tmp_path):
    run = gt.run_race(programs(SAME_PLACE, level), folder=tmp_path, env={"GOMAXPROCS": processors})
    assert later_stacks(run) == expected(), "\n".join(gt.show(f) for f in run.findings)


NAMED_LIKE_LIBC = """
#include <pthread.h>
static int x;
static void *thread_start(void *arg) {
  x++;
  return arg;
}
static __attribute__((noinline)) void clone(void) { x++; }
static void *start_thread(void *arg) {
  clone();
  return arg;
}
int main(void) {
  pthread_t a, b;
  pthread_create(&a, NULL, thread_start, NULL);
  pthread_create(&b, NULL, start_thread, NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}
"""


def test_functions_named_like_those_that_libc_starts_threads_with(programs, tmp_path):
    """They are the program's own, so no stack ends before them; what libc has under them isn't shown."""
    run = gt.run_race(programs(NAMED_LIKE_LIBC), folder=tmp_path)
    assert run.findings, run.result
    stacks = {tuple(f["function"] for f in a["stack"]) for a in run.findings[0]["accesses"]}
    assert stacks == {("thread_start",), ("clone", "start_thread")}
