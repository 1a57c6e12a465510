"""The text of findings, style by style."""

import copy
import json
import os
import pty
import subprocess

import pytest

import cli_testing as ct
import godwit_testing as gt


def cases(m):
    """Findings of all sorts, by name."""
    atomic = ct.race(m, memory=ct.heap(m))
    atomic["accesses"][0].update(op="atomic write", size=4)
    atomic["accesses"][1].update(locks=[], size=4)
    locks = ct.race(m)
    locks["accesses"][0]["locks"] = [{"address": "0x7f0000002000", "mode": "read", "stack": []}]
    siblings = ct.race(m, memory={"kind": "unknown"}, count=3, schedule="race.gwr#1")
    siblings["accesses"][1].update(locks=[], goroutine={"id": 8, "name": None, "thread": True}, created_by=ct.MAIN,
                                   created_at=[m.at("create", "main")])
    misuse = {"schema": "godwit-finding-1", "kind": "GW1006", "pid": 1, "message": "unlock of an unlocked mutex",
              "accesses": [{**ct.race(m)["accesses"][1], "op": "call", "locks": [], "address": None}],
              "memory": {"kind": "unknown"}}
    asleep = {"schema": "godwit-finding-1", "kind": "GW1003", "pid": 1, "program": str(m.path), "accesses": [],
              "message": "all goroutines are asleep", "memory": {"kind": "unknown"},
              "text": "goroutine 1 [chan receive]:\nmain()\n\tbank.c:61\n"}
    nowhere = ct.race(m, memory={"kind": "freed heap", "size": 1, "offset": 0})
    for access in nowhere["accesses"]:
        access.update(stack=[{"module": "/gone/prog", "offset": "0x1234"}], created_at=[], size=1, locks=[])
    freed, fresh = (ct.race(m, memory={"kind": kind, "size": 64, "offset": 8}) for kind in ("freed heap", "heap"))
    freed["kind"], freed["accesses"][1]["op"] = "GW1007", "free"
    fresh["accesses"][1].update(op="alloc", locks=[])
    return {"inversion": inversion(m), "freed": freed, "fresh": fresh, "global": ct.race(m), "heap": ct.race(m, memory=ct.heap(m)),
            "atomic": atomic, "locks": locks, "siblings": siblings, "misuse": misuse, "asleep": asleep, "nowhere": nowhere,
            "thread_local": ct.race(m, memory={"kind": "thread-local", "goroutine": ct.TELLER})}


def inversion(m, sides=2):
    """main holds the first lock and wants the second, and so on, the last wants the first."""
    def lock(i, mark, function):
        return {"address": hex(0x7f0000001000 + 64 * i), "mode": "write", "stack": [m.at(mark, function), ct.LIBC]}

    accesses = []
    for i in range(sides):
        wanted = lock((i + 1) % sides, "teller", "teller")
        accesses.append({"op": "lock", "address": wanted["address"], "goroutine": ct.MAIN if i == 0 else ct.TELLER,
                         "wanted": wanted, "locks": [lock(i, "lock", "audit")], "stack": wanted["stack"],
                         "created_at": [] if i == 0 else [m.at("create", "main")], "created_by": ct.MAIN if i else None})
    return {"schema": "godwit-finding-1", "kind": "GW1002", "pid": 1, "program": str(m.path), "modules": {},
            "message": f"lock-order inversion of {sides} locks", "accesses": accesses, "memory": {"kind": "unknown"}}


NAMES = ("inversion", "global", "heap", "atomic", "locks", "siblings", "misuse", "asleep", "nowhere", "thread_local",
         "freed", "fresh")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", ("godwit", "go", "tsan", "short"))
def test_styles(bank, style, name):
    r = ct.report([cases(bank)[name]], f"--style={style}", folder=bank.path.parent)
    assert r.status == 66 and r.stderr.splitlines() == (
        ["godwit: warning: /gone/prog can't be read as a program: its frames have no names"] if name == "nowhere" else []), r
    ct.golden(f"{style}-{name}.txt", r.stdout, bank.path.parent)


def test_a_circle_of_three(bank):
    r = ct.report([inversion(bank, 3)], folder=bank.path.parent)
    assert [line.split()[0] for line in r.stdout.splitlines() if line.startswith(" (")] == ["(3)", "(2)", "(1)"], r
    assert "none goes on" in " ".join(r.stdout.split()), r


def test_first_line_is_one_that_editors_parse(bank):
    r = ct.report([ct.race(bank)], folder=bank.path.parent)
    line = bank.line("add")
    assert r.stdout.startswith(f"bank.c:{line}:14: error: data race on 'the_acct.balance' (8 bytes) [GW1001]\n"), r


def test_files_outside_are_absolute(bank, tmp_path):
    r = ct.report([ct.race(bank)], folder=tmp_path)
    assert r.stdout.startswith(f"{bank.source}:"), r


def test_strip_path_prefix(bank, tmp_path):
    prefix = f"{bank.source.parent.parent}/"
    r = ct.report([ct.race(bank)], "--strip-path-prefix", prefix, folder=tmp_path)
    assert r.stdout.startswith(f"{bank.source.parent.name}/bank.c:"), r
    r = ct.report([ct.race(bank)], f"--strip-path-prefix={prefix}", "--format=json", folder=tmp_path)
    assert json.loads(r.stdout)["accesses"][0]["stack"][0]["file"] == f"{bank.source.parent.name}/bank.c"


def test_marks_stand_under_their_token(bank):
    """Behind a tab and a letter of two bytes too."""
    r = ct.report([ct.race(bank)], folder=bank.path.parent)
    lines = r.stdout.splitlines()
    for mark, token in (("^^", "+="), ("-------", "balance")):
        n = next(i for i, line in enumerate(lines) if f" {mark} " in line and line.lstrip().startswith("|"))
        column = lines[n].index(mark)
        assert lines[n - 1][column:column + len(token)] == token, r
    moved = ct.race(bank)
    moved["accesses"][0]["stack"] = [{"function": "f", "file": str(bank.source), "line": bank.line("deposit"),
                                      "column": 13}]
    lines = ct.report([moved], folder=bank.path.parent).stdout.splitlines()
    n = next(i for i, line in enumerate(lines) if "čaj" in line)
    assert lines[n].index("\t") == lines[n + 1].index("\t")
    assert lines[n].index("add(") == lines[n + 1].index("^^^"), lines


def test_a_source_that_is_gone(bank, tmp_path):
    moved = ct.race(bank)
    for access in moved["accesses"]:
        access["stack"] = [{"function": "f", "file": "/gone/bank.c", "line": 3, "column": 4}]
    r = ct.report([moved], folder=tmp_path)
    assert "/gone/bank.c:3:4: error: data race" in r.stdout and "written at /gone/bank.c:3:4, no lock held" in r.stdout, r
    assert " > 3 |" not in r.stdout


def test_a_line_beyond_the_file_and_a_column_beyond_the_line(bank, tmp_path):
    finding = ct.race(bank)
    finding["accesses"][0]["stack"] = [{"function": "f", "file": str(bank.source), "line": 100000, "column": 4}]
    finding["accesses"][1]["stack"] = [{"function": "f", "file": str(bank.source), "line": 2, "column": 4000}]
    r = ct.report([finding], folder=tmp_path)
    assert r.status == 66 and " > 2 | #include" in r.stdout, r


def test_an_endless_line(bank, tmp_path):
    """Generated code: only what is around the token is shown, and the mark still stands under it."""
    source = tmp_path / "long.c"
    source.write_text("int čaj; " * 400 + "here = 1;" + " int x;" * 400 + "\n")
    finding = ct.race(bank)
    column = len(("int čaj; " * 400).encode()) + 1
    for access in finding["accesses"]:
        access["stack"] = [{"function": "f", "file": str(source), "line": 1, "column": column}]
    lines = ct.report([finding], folder=tmp_path).stdout.splitlines()
    assert all(len(line) < 280 for line in lines)
    n = next(i for i, line in enumerate(lines) if "here = 1" in line)
    assert lines[n].index("here") == lines[n + 1].index("^^^^") and lines[n].endswith("...") and "| ..." in lines[n]


def test_nothing_moves_the_cursor(bank, tmp_path):
    """A goroutine's name and a source line may hold anything."""
    source = tmp_path / "odd.c"
    source.write_bytes(b"x = 1; /* \033[2J */\n")
    finding = ct.race(bank)
    finding["accesses"][0]["goroutine"] = {"id": 7, "name": "a\nb\033[2Jc"}
    finding["accesses"][0]["stack"] = [{"function": "f", "file": str(source), "line": 1, "column": 1}]
    for style in ("godwit", "short"):
        text = ct.report([finding], f"--style={style}", folder=tmp_path).stdout
        assert "\033" not in text and 'goroutine 7 "a?b?[2Jc"' in text


def test_no_colours_in_a_pipe(bank):
    finding = ct.race(bank)
    assert "\033" not in ct.report([finding], folder=bank.path.parent).stdout
    assert "\033[" in ct.report([finding], "--color=always", folder=bank.path.parent).stdout
    assert "\033" not in ct.report([finding], "--color=always", "--format=json", folder=bank.path.parent).stdout


def on_terminal(*command, env, cwd):
    """What a command writes to a terminal."""
    master, slave = pty.openpty()
    p = subprocess.Popen([str(c) for c in command], stdout=slave, cwd=cwd, env=gt.environment(**env))
    os.close(slave)
    out = b""
    try:
        while chunk := os.read(master, 4096):
            out += chunk
    except OSError:  # how a terminal ends
        pass
    p.wait(timeout=gt.TIMEOUT)
    os.close(master)
    return out.decode()


def test_colours_on_a_terminal(bank):
    folder = bank.path.parent
    (folder / "tty.log").write_text(ct.dumps(ct.race(bank)))
    command = (gt.GODWIT, "report", "tty.log")
    assert "\033[" in on_terminal(*command, env={"TERM": "xterm"}, cwd=folder)
    assert "\033" not in on_terminal(*command, env={"TERM": "xterm", "NO_COLOR": "1"}, cwd=folder)
    assert "\033" not in on_terminal(*command, env={"TERM": "dumb"}, cwd=folder)
    assert "\033" not in on_terminal(*command, "--color=never", env={"TERM": "xterm"}, cwd=folder)


def test_the_record_alone_decides(bank):
    """Twice the same bytes; the input is left as it was."""
    finding = ct.race(bank)
    before = copy.deepcopy(finding)
    a = ct.report([finding], folder=bank.path.parent)
    assert a == ct.report([finding], folder=bank.path.parent) and finding == before


def test_each_option_is_checked(build, tmp_path):
    for option, value in (("--style", "gcc"), ("--format", "sarif"), ("--color", "sometimes")):
        r = ct.report("", option, value, folder=tmp_path)
        assert r.status == 64 and f"'{value}'" in r.stderr and len(r.stderr.splitlines()) == 1, r
    assert "text, json" in ct.report("", "--format", "sarif", folder=tmp_path).stderr
