"""What tests need again and again: building a program, running it, reading its findings, expectations in C sources.

An expectation stands on the line that it speaks of:

    x = 1; /* RACE: write x */          one racing pair; the other access has its own comment, or is the same line
    y = 2; /* RACE 2: write */          a second pair in the same file; the variable's name may be left out
    /* RACE 3 later: read acct.balance (heap type) */     "later" or "earlier", and the name's source, may be required
    /* NO RACE */                       nothing may be reported
    /* FINDING: GW1006 */               a finding of another kind, at this line
"""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("GODWIT_BUILD") or REPO / "build").resolve()
GODWIT = BUILD / "bin" / "godwit"
GODWIT_CLANG = BUILD / "bin" / "godwit-clang"
INCLUDE = REPO / "tests" / "include"
OUR_VARIABLES = ("GODWIT", "GORACE", "GOMAXPROCS", "GODEBUG", "GODWIT_CLANG", "NO_COLOR", "MAKEFLAGS")
TIMEOUT = 120  # seconds; a guess: far above what any test needs on a loaded machine


class Result(NamedTuple):
    """How a program ended; status is negative for a signal, as in subprocess."""

    status: int
    stdout: str
    stderr: str

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def environment(**variables):
    """This process's variables without ours, with those given (None removes one)."""
    env = {k: v for k, v in os.environ.items() if k not in OUR_VARIABLES}
    for name, value in variables.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


def run(*command, env=None, timeout=TIMEOUT, stdin="", cwd=None, preexec_fn=None):
    """Runs a command to its end. A timeout is an AssertionError that shows what came so far."""
    command = [str(c) for c in command]
    try:
        p = subprocess.run(command, env=environment(**(env or {})), timeout=timeout, input=stdin.encode(), cwd=cwd,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec_fn)
    except subprocess.TimeoutExpired as e:
        so_far = b"".join(x or b"" for x in (e.stdout, e.stderr)).decode(errors="replace")
        raise AssertionError(f"no end within {timeout} s: {' '.join(command)}\n{so_far[-4000:]}") from None
    return Result(p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"))


def compile_c(sources, out, *flags, race=True, cwd=None):
    """Builds a program with godwit-clang, without a warning; gives back its path."""
    sources = [sources] if isinstance(sources, (str, Path)) else sources
    command = [GODWIT_CLANG, *(["-race"] if race else []), "-g", "-Wall", "-Wextra", "-Wshadow", f"-I{INCLUDE}", *flags,
               *sources, "-o", out]
    r = run(*command, cwd=cwd, timeout=300)
    assert r.status == 0 and not r.stderr, f"{' '.join(map(str, command))}\n{r}"
    return Path(out)


class Programs:
    """Programs built in one folder, each once per set of flags."""

    def __init__(self, folder):
        self.folder = folder
        self.built = {}

    def __call__(self, source, *flags, race=True):
        """The path of the program made of `source`: a path, or the text of a C file."""
        key = (str(source), flags, race)
        if key not in self.built:
            self.built[key] = self._compile(source, flags, race)
        return self.built[key]

    def _compile(self, source, flags, race):
        tag = hashlib.sha256(repr((str(source), flags, race)).encode()).hexdigest()[:12]
        if isinstance(source, str) and "\n" in source:
            path = self.folder / f"{tag}.c"
            path.write_text(source)
        else:
            path = Path(source)
        return compile_c(path, self.folder / f"{path.stem}-{tag}", *flags, race=race)


def read_log(prefix):
    """The findings in all logs PREFIX.PID, in the order of the files' names."""
    found = []
    for path in sorted(Path(prefix).parent.glob(Path(prefix).name + ".*")):
        for n, line in enumerate(path.read_text().splitlines(), 1):
            try:
                found.append(json.loads(line))
            except ValueError as e:
                raise AssertionError(f"{path}:{n}: not JSON ({e}): {line[:200]}") from None
    return found


class RaceRun(NamedTuple):
    """A run with its findings (dicts as in report_format.h)."""

    result: Result
    findings: list

    @property
    def status(self):
        return self.result.status


def run_race(program, *args, folder, env=None, options="", **kwargs):
    """Runs a program with findings as JSON in `folder`, and reads them. `options` are further GODWIT keys."""
    prefix = Path(folder) / "race"
    for old in Path(folder).glob("race.*"):
        old.unlink()
    env = {"GODWIT": f"format=json log_path={prefix} {options}", **(env or {})}
    result = run(program, *args, env=env, **kwargs)
    return RaceRun(result, read_log(prefix))


class Place(NamedTuple):
    """One access of a pair, expected or found."""

    line: int
    op: str
    name: str = ""
    source: str = ""
    age: str = ""  # "later", "earlier" or "" for either


class Expected(NamedTuple):
    pairs: dict  # number of the pair -> places, one or two
    others: list  # (line, kind)
    none: bool  # NO RACE


_RACE = re.compile(r"/\* RACE ?(\d*) ?(later|earlier|): (atomic read|atomic write|read|write|free|alloc)"
                   r"(?: ([^(*]+?))?(?: \(([a-z ]+)\))? \*/")
_OTHER = re.compile(r"/\* FINDING: (GW\d{4}) \*/")


def expectations(source):
    """Reads the comments of a C file; a comment that looks like one but isn't in the form is an error."""
    pairs, others, none = {}, [], False
    for n, text in enumerate(Path(source).read_text().splitlines(), 1):
        matches = list(_RACE.finditer(text))
        assert len(matches) == len(re.findall(r"/\* RACE\b", text)), f"{source}:{n}: bad expectation: {text.strip()}"
        for m in matches:
            pairs.setdefault(m[1] or "1", []).append(Place(n, m[3], m[4] or "", m[5] or "", m[2]))
        others += [(n, m[1]) for m in _OTHER.finditer(text)]
        none = none or "/* NO RACE */" in text
    assert none != bool(pairs or others), f"{source}: expects nothing, or both a race and none"
    assert all(len(p) <= 2 for p in pairs.values()), f"{source}: a pair of more than two accesses"
    return Expected(pairs, others, none)


def user_frame(access, source):
    """The innermost frame of an access that lies in `source`, or None."""
    name = Path(source).name
    return next((f for f in access["stack"] if Path(f.get("file") or "").name == name), None)


def _places(finding, source):
    """The two accesses of a race as Places: the later, the earlier."""
    variable = finding.get("variable") or {}
    out = []
    for age, access in zip(("later", "earlier"), finding["accesses"]):
        frame = user_frame(access, source) or {}
        out.append(Place(frame.get("line") or 0, access["op"], variable.get("name") or "",
                         variable.get("name_source") or "", age))
    return out


def _place_fits(want, got):
    return (want.line == got.line and want.op == got.op and (not want.name or want.name == got.name)
            and (not want.source or want.source == got.source) and (not want.age or want.age == got.age))


def _pair_fits(want, got):
    if len(got) != 2:
        return False
    if len(want) == 1:
        want = [want[0], want[0]._replace(age="")]
    return any(_place_fits(want[0], got[i]) and _place_fits(want[1], got[1 - i]) for i in (0, 1))


def show(finding):
    """A finding in a line or two, for messages of failed tests."""
    lines = [f"{finding['kind']} {(finding.get('variable') or {}).get('name') or finding.get('message') or ''}"]
    for access in finding.get("accesses", []):
        stack = " < ".join(f"{f.get('function') or f.get('offset')}:{f.get('line', '?')}" for f in access["stack"][:6])
        lines.append(f"    {access['op']} of {access.get('size', '?')} by {access['goroutine'].get('id')}: {stack}")
    return "\n".join(lines)


def check(source, run):
    """Holds a RaceRun against the comments of its C file: each expected finding once or more, no other, status 66 or 0."""
    expected = expectations(source)
    left = list(run.findings)
    missing = []
    for number, want in expected.pairs.items():
        kinds = ("GW1001", "GW1007") if any(p.op == "free" for p in want) else ("GW1001",)
        fits = [f for f in left if f["kind"] in kinds and _pair_fits(want, _places(f, source))]
        left = [f for f in left if f not in fits]
        if not fits:
            missing.append(f"race {number}: " + " with ".join(f"{p.op} {p.name} at line {p.line}" for p in want))
    for line, kind in expected.others:
        fits = [f for f in left if f["kind"] == kind and any(
            (user_frame(a, source) or {}).get("line") == line for a in f["accesses"])]
        left = [f for f in left if f not in fits]
        if not fits:
            missing.append(f"{kind} at line {line}")
    problems = [f"missing: {m}" for m in missing] + [f"not expected: {show(f)}" for f in left]
    if run.status != (0 if expected.none else 66):
        problems.append(f"status {run.status}")
    assert not problems, "\n".join([f"{source}:"] + problems + [str(run.result)])
