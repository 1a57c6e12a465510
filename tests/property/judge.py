"""Runs programs on the scripted detector and holds what it reports against the oracle.

Stricter than "same verdict for every variable":
- each reported pair is a pair that the oracle calls a race (so: no false alarm, and no wrong stack);
- for each granule of each variable, the first operation that races there at all is reported as the later access of some
  pair (so: nothing that came before was forgotten, up to the moment when that granule's trouble is known);
- what atomic operations returned is right.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import godwit_testing as gt
from script import execute

DETECTOR_TESTS = gt.REPO / "tests" / "detector"
SITES = 131072  # as in sites.h
SITE_SIZE = 32
RACES = ("GW1001", "GW1007")
TIMEOUT = 300


def build_driver(folder, name="driver", *flags):
    """Compiles a C program of tests/detector against the library with the detector."""
    out = Path(folder) / name
    command = ["clang-19", "-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-DGW_RACE=1", "-Wall", "-Wextra",
               f"-I{gt.REPO}/include", f"-I{gt.REPO}", *flags, DETECTOR_TESTS / f"{name}.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", out]
    r = gt.run(*command, timeout=300)
    assert r.status == 0, f"{' '.join(map(str, command))}\n{r}"
    return out


class Outcome(NamedTuple):
    """What one run of the driver said about one program."""

    pairs: set  # (later operation, earlier operation); None for one that isn't known
    values: list  # of the atomic operations; None if the driver ended before


class Run(NamedTuple):
    """One run of the driver: an Outcome for each program, and what is wrong with the run as such."""

    outcomes: list
    trouble: str


def _site(access, first):
    """The operation whose site is in an access's stack, or None."""
    for frame in access["stack"]:
        distance = int(frame["offset"], 16) - first
        if 0 <= distance < SITES * SITE_SIZE and distance % SITE_SIZE == 0:
            return distance // SITE_SIZE
    return None


def _read_findings(prefix, first):
    """(later site, earlier site) of each race in the log, and kinds that nobody expects."""
    pairs, others = [], []
    for finding in gt.read_log(prefix):
        if finding["kind"] in RACES:
            pairs.append(tuple(_site(a, first) for a in finding["accesses"]))
        else:
            others.append(gt.show(finding))
    return pairs, others


def run_programs(driver, programs, arguments=(), timeout=TIMEOUT):
    """Runs programs (whose operations are all valid) in one process."""
    with tempfile.TemporaryDirectory(prefix="godwit-script-") as folder:
        prefix = Path(folder) / "log"
        text = "".join(p.text() for p in programs)
        # No symboliser: raw findings have all that is needed.
        env = {"GODWIT": f"format=json log_path={prefix}", "PATH": "/nonexistent"}
        try:
            r = subprocess.run([driver, *map(str, arguments)], input=text.encode(), env=gt.environment(**env),
                               timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            status, out, err = r.returncode, r.stdout.decode(), r.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired as e:
            status, out, err = None, (e.stdout or b"").decode(), (e.stderr or b"").decode(errors="replace")
        lines = out.split("\n")
        found, others = _read_findings(prefix, int(lines[0], 16)) if lines[0] else ([], [])
    return _sort_out(programs, lines[1:-1], found, others, status, err)


def _sort_out(programs, lines, found, others, status, err):
    outcomes, begin = [], 0
    left = set(found)
    for i, program in enumerate(programs):
        end = begin + len(program.ops)
        mine = {p for p in left if all(s is None or begin <= s < end for s in p)}
        left -= mine
        pairs = {tuple(None if s is None else s - begin for s in p) for p in mine}
        values = [int(v, 16) for v in lines[i].split()] if i < len(lines) else None
        outcomes.append(Outcome(pairs, values))
        begin = end
    trouble = []
    if left:
        trouble.append(f"pairs between programs: {sorted(left)[:5]}")
    if others:
        trouble.append(f"other findings: {others[:3]}")
    if status != (66 if found or others else 0):
        trouble.append(f"status {status} with {len(found)} findings; standard error: {err[-2000:]}")
    elif len(lines) != len(programs):
        trouble.append(f"{len(lines)} programs of {len(programs)} were run")
    return Run(outcomes, "; ".join(trouble))


def expected_first(program, races):
    """For each (variable, granule) that raced: the first operation that races there."""
    first = {}
    for race in races:
        first.setdefault((program.region_of(race.lo), race.lo >> 3), race.later)
    return first


def differences(program, outcome):
    """What the detector said differently from the oracle: lines of text, none if all is right."""
    execution, made = execute(program.ops)
    assert made == program.ops, "a program with operations that aren't valid"
    races = execution.oracle.races
    real = {(r.later, r.earlier) for r in races}
    wrong = []
    for later, earlier in sorted(outcome.pairs - real, key=str):
        wrong.append(f"false: reported ({_show(program, later)}) with earlier ({_show(program, earlier)})")
    reported = {later for later, _ in outcome.pairs}
    for (region, granule), later in sorted(expected_first(program, races).items()):
        if later not in reported:
            partners = sorted(e for l, e in real if l == later)
            wrong.append(f"missed: variable {region} granule {granule}: ({_show(program, later)}) races with "
                         + ", ".join(f"({_show(program, e)})" for e in partners))
    if outcome.values is not None and outcome.values != execution.results:
        wrong.append(f"values: atomics returned {outcome.values}, should be {execution.results}")
    return wrong


def _show(program, op):
    return "unknown place" if op is None else f"#{op}: " + " ".join(map(str, program.ops[op]))


def judge(driver, programs, arguments=()):
    """None if all is right, else (index of the first program with a difference or None, text)."""
    run = run_programs(driver, programs, arguments)
    for i, (program, outcome) in enumerate(zip(programs, run.outcomes)):
        if outcome.values is None:
            return i, run.trouble or "the driver didn't come to its end"
        wrong = differences(program, outcome)
        if wrong:
            return i, "\n".join(wrong)
    return (None, run.trouble) if run.trouble else None


# Delta debugging


def _smaller(items, still_fails):
    """Fewer items for which still_fails holds: blocks of halving size are taken out as long as that works."""
    size = max(1, len(items) // 2)
    while True:
        i, changed = 0, False
        while i < len(items):
            candidate = items[:i] + items[i + size:]
            if still_fails(candidate):
                items, changed = candidate, True
            else:
                i += size
        if size == 1 and not changed:
            return items
        size = max(1, size // 2) if not changed or size > 1 else 1


def shrink(driver, programs, arguments=()):
    """The fewest programs, and then the fewest operations in each, that still show a difference."""

    def fails(candidate):
        return bool(candidate) and judge(driver, candidate, arguments) is not None

    programs = list(programs)
    for alone in (programs[-1:], programs[-2:]):
        if fails(alone):
            programs = alone
            break
    else:
        programs = _smaller(programs, fails)
    for i, program in enumerate(programs):
        def with_ops(ops, i=i, program=program):
            _, made = execute(ops)
            return programs[:i] + [program._replace(ops=made)] + programs[i + 1:]

        ops = _smaller(list(program.ops), lambda ops, f=with_ops: fails(f(ops)))
        programs = with_ops(tuple(ops))
    return programs


def explain(driver, programs, where, arguments=()):
    """The report of a failed comparison: the shrunk programs, both verdicts, and how to run them again."""
    small = shrink(driver, programs, arguments)
    again = judge(driver, small, arguments) or (None, "gone when run again: depends on addresses or time")
    text = "".join(p.text() for p in small)
    return (f"{where}\n{again[1]}\n--- smallest script ({len(small)} programs, layout {[p.regions for p in small]}):\n"
            f"{text}--- again: GODWIT=format=json {' '.join(map(str, [driver, *arguments]))} <SCRIPT")
