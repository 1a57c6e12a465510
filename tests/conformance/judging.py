"""Cases of tests/conformance/programs: where their lines are, what they expect, and whether a run shows just that."""

import re
from pathlib import Path
from typing import NamedTuple

import godwit_testing as gt

PROGRAMS = Path(__file__).parent / "programs"
SOURCES = sorted(PROGRAMS.glob("*.c"))
NEEDS_GOROUTINES = ("goroutines",)  # files that other detectors can't run
RACES = ("GW1001", "GW1007")


class Case(NamedTuple):
    name: str
    want: str  # "race", "norace" or a kind
    lines: frozenset  # of the source where its accesses are
    pair: bool = False  # runs in one process with others
    kind: str = ""  # the heading that it stands below


def _macro_cases(text, number, kind):
    m = re.match(r"(PAIR|SAFE|EDGE|OPEN)\((\w+),", text)
    if not m:
        return []
    wants = {"PAIR": ("race", "norace"), "OPEN": ("race",)}.get(m[1], ("norace",))
    return [Case(f"{m[2]}_{want}", want, frozenset([number]), True, kind) for want in wants]


def cases(source):
    """In the order of the file."""
    out, marked = [], set()
    current, kind = None, ""
    for number, text in enumerate(Path(source).read_text().splitlines(), 1):
        heading = re.fullmatch(r"/\* --- (.*) --- \*/", text)
        kind = heading[1] if heading else kind
        out += _macro_cases(text, number, kind)
        if re.search(r"/\* (RACE|GW1\d{3}) \*/", text):
            marked.add(number)
        m = re.match(r"CASE\((\w+)_(race|norace|GW1\d{3})\)", text)
        current = m or current
        if current and (text.startswith("}") or (m and text.rstrip().endswith("}"))):
            out.append(Case(f"{current[1]}_{current[2]}", current[2], frozenset(marked), kind=kind))
            marked, current = set(), None
    return out


def _at_a_line(access, source, lines):
    name = Path(source).name
    return any(f.get("line") in lines for f in access["stack"] if Path(f.get("file") or "").name == name)


def _expected(case, finding, source):
    if case.want == "race":
        return finding["kind"] in RACES and all(_at_a_line(a, source, case.lines) for a in finding["accesses"])
    return finding["kind"] == case.want and any(_at_a_line(a, source, case.lines) for a in finding["accesses"])


def wrong(case, source, run):
    """What is wrong with a run of the case, as text; empty if it is as it should be."""
    status = 0 if case.want == "norace" else 66
    problems = [] if run.status == status else [f"status {run.status}"]
    strange = [f for f in run.findings if case.want == "norace" or not _expected(case, f, source)]
    if case.want != "norace" and len(strange) == len(run.findings):
        problems.append("not found")
    problems += [f"not expected: {gt.show(f)}" for f in strange]
    return "\n".join(f"{case.name}: {p}" for p in problems)


def wrong_pairs(cases, source, run):
    """The same for all pairs run in one process: each race is found, and nothing else is."""
    left = list(run.findings)
    problems = []
    for case in (c for c in cases if c.want != "norace"):
        fits = [f for f in left if _expected(case, f, source)]
        left = [f for f in left if f not in fits]
        if not fits:
            problems.append(f"{case.name}: not found")
    problems += [f"not expected: {gt.show(f)}" for f in left]
    if run.status != (66 if any(c.want != "norace" for c in cases) else 0):
        problems.append(f"status {run.status}: {run.result.stderr[-500:]}")
    return "\n".join(problems)
