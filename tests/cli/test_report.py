"""Reading logs: merging, folding, damage."""

import json
import subprocess

import jsonschema
import pytest

import cli_testing as ct
import godwit_testing as gt

SCHEMA = gt.REPO / "docs" / "finding.schema.json"


@pytest.fixture(scope="session")
def validator():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def other_race(bank):
    raw = ct.race(bank, memory={"kind": "global", **bank.symbol("totals", 72)})
    raw["accesses"][0]["stack"] = [bank.at("race_", "race_to_the_bottom")]
    return raw


def read(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def report_files(tmp_path, *options, **logs):
    for name, text in logs.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return gt.run(gt.GODWIT, "report", *options, *logs, cwd=tmp_path)


def test_logs_are_merged_and_folded(bank, tmp_path):
    a, b = ct.race(bank, count=2), other_race(bank)
    r = report_files(tmp_path, "--format=json", one=ct.dumps(a, b), two=ct.dumps(b, a, a))
    assert r.status == 66 and not r.stderr, r
    assert [(f["variable"]["name"], f["count"]) for f in read(r)] == [("the_acct.balance", 6), ("totals[2][1]", 2)]


def test_text_of_several(bank, tmp_path):
    r = report_files(tmp_path, one=ct.dumps(ct.race(bank), other_race(bank), ct.race(bank)))
    assert r.stdout.count("error: data race on") == 2 and "\n\n" in r.stdout and "   seen: 2 times\n" in r.stdout, r


def test_other_lines_of_a_folded_finding_are_kept(bank, tmp_path):
    """One function, one variable, two lines: one finding, and both places."""
    first = ct.resolved(ct.race(bank), tmp_path)
    second = json.loads(json.dumps(first))
    second["accesses"][0]["stack"][0]["line"] += 1
    swapped = json.loads(json.dumps(second))
    swapped["accesses"].reverse()
    found = read(report_files(tmp_path, "--format=json", log=ct.dumps(first, second, swapped)))
    assert len(found) == 1 and found[0]["count"] == 3 and len(found[0]["also_at"]) == 1
    text = report_files(bank.path.parent, log=ct.dumps(first, second)).stdout
    line = bank.line("add") + 1
    assert f"   also: bank.c:{line}:14 and bank.c:{bank.line('audit')}:15\n" in text
    again = read(report_files(tmp_path, "--format=json", log=ct.dumps(found[0], first)))
    assert again[0]["count"] == 4 and again[0]["also_at"] == found[0]["also_at"]


def test_its_own_output_is_a_log(bank, tmp_path):
    once = report_files(tmp_path, "--format=json", log=ct.dumps(ct.race(bank), other_race(bank)))
    assert report_files(tmp_path, "--format=json", log=once.stdout).stdout == once.stdout


def test_damaged_lines_lose_nothing_else(bank, tmp_path):
    good = ct.dumps(ct.race(bank))
    log = (good.encode() + b'{"schema": "godwit-finding-1", "kind": "GW10\n' + b"\n" + b"\0\xff\xfe\n" +
           b'{"schema": "godwit-finding-9", "kind": "GW1001"}\n' + b'{"schema": "godwit-finding-1", "kind": "GW1001"}\n' +
           b"[1]\n" + ct.dumps(other_race(bank)).encode() + good.encode()[:200])
    r = report_files(tmp_path, "--format=json", log=log)
    assert r.status == 66 and [f["variable"]["name"] for f in read(r)] == ["the_acct.balance", "totals[2][1]"]
    warned = [line.split(": ")[0] for line in r.stderr.splitlines()]
    assert warned == ["log:2", "log:4", "log:5", "log:6", "log:7", "log:9"], r
    assert all(": warning: " in line for line in r.stderr.splitlines())
    assert "another version" in r.stderr and "cut off" in r.stderr and "two accesses" in r.stderr


def test_every_cut_of_a_log(bank, tmp_path):
    """A log whose end is missing, at any byte: no crash, and either a finding or a complaint."""
    line = ct.dumps(ct.race(bank))
    for n in range(1, len(line) - 1, 37):
        r = report_files(tmp_path, "--format=json", log=line[:n])
        assert r.status == 125 and r.stderr, (n, r)


def test_members_of_other_types(bank, tmp_path):
    """Each member in turn becomes something else: it is shown without it, or refused with a line."""
    whole = json.loads(ct.dumps(ct.race(bank, memory=ct.heap(bank))))

    def paths(value, at=()):
        if at:
            yield at
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            yield from paths(inner, (*at, key))

    lines = []
    for path in paths(whole):
        for odd in (None, -1, "", "\u0000x", [], {}, True, 1e300, [None], ["\\"], {"a": None}):
            changed = json.loads(json.dumps(whole))
            owner = changed
            for key in path[:-1]:
                owner = owner[key]
            owner[path[-1]] = odd
            lines.append(json.dumps(changed))
    for options in (("--format=json",), ("--style=godwit",), ("--style=go",), ("--style=tsan",), ("--style=short",)):
        r = report_files(tmp_path, *options, log="\n".join(lines))
        assert r.status == 66 and r.stdout, r


def test_a_text_log(bank, tmp_path):
    text = ct.report([ct.race(bank)], folder=bank.path.parent).stdout
    r = report_files(tmp_path, log=text)
    assert r.status == 125 and not r.stdout
    assert len(r.stderr.splitlines()) == 1 and "format=json" in r.stderr, r


def test_a_log_that_isnt_there(bank, tmp_path):
    r = gt.run(gt.GODWIT, "report", "nowhere", cwd=tmp_path)
    assert r.status == 125 and "nowhere" in r.stderr and len(r.stderr.splitlines()) == 1, r
    (tmp_path / "log").write_text(ct.dumps(ct.race(bank)))
    r = gt.run(gt.GODWIT, "report", "nowhere", "log", ".", cwd=tmp_path)
    assert r.status == 66 and "the_acct.balance" in r.stdout and len(r.stderr.splitlines()) == 2, r


def test_nothing_found(build, tmp_path):
    r = report_files(tmp_path, log="")
    assert r == gt.Result(0, "", "")


def test_standard_input(bank, tmp_path):
    r = gt.run(gt.GODWIT, "report", "-", stdin=ct.dumps(ct.race(bank)), cwd=tmp_path)
    assert r.status == 66 and "the_acct.balance" in r.stdout, r


def test_bad_usage(build, tmp_path):
    for options in ((), ("--frmat=json", "x"), ("--format=html", "x"), ("--format",)):
        r = gt.run(gt.GODWIT, "report", *options, cwd=tmp_path)
        assert r.status == 64 and len(r.stderr.splitlines()) == 1, r
    assert "did you mean '--format'" in gt.run(gt.GODWIT, "report", "--frmat=json", "x").stderr


def test_a_full_disk(bank, tmp_path):
    """What can't be written is no success, and isn't passed over."""
    (tmp_path / "log").write_text(ct.dumps(ct.race(bank)))
    with open("/dev/full", "w") as full:
        p = subprocess.run([gt.GODWIT, "report", "log"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 125 and len(p.stderr.splitlines()) == 1 and "No space left" in p.stderr


def test_the_schema_holds(bank, tmp_path, validator):
    """For raw findings, and for what is made of them."""
    misuse = {"schema": "godwit-finding-1", "kind": "GW1006", "pid": 1, "message": "unlock", "accesses": []}
    raws = [ct.race(bank), ct.race(bank, memory=ct.heap(bank)), other_race(bank), misuse,
            ct.race(bank, memory={"kind": "stack", "goroutine": ct.TELLER, "frame": bank.at("local", "frame"),
                                  "frame_offset": -16}),
            ct.race(bank, memory={"kind": "thread-local", "goroutine": ct.TELLER}), ct.race(bank, memory={"kind": "unknown"})]
    for raw in raws:
        validator.validate(raw)
    r = report_files(tmp_path, "--format=json", log=ct.dumps(*raws))
    assert len(read(r)) >= 5
    for f in read(r):
        validator.validate(f)
        assert f["fingerprint"] and "variable" in f or f["kind"] == "GW1006"


def test_the_schema_can_fail(bank, validator):
    for change in ({"kind": "GW1"}, {"schema": "x"}, {"accesses": {}}, {"count": 0}, {"fingerprint": "xyz"},
                   {"memory": {"kind": "heap"}}, {"variable": {"name": 3, "name_source": "none"}}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(ct.race(bank, **change))


def test_output_is_utf_8(bank, tmp_path):
    """File names needn't be."""
    finding = ct.resolved(ct.race(bank), tmp_path)
    line = json.dumps(finding).replace("bank.c", "b\\u00e4nk.c").encode() + b"\n"
    odd = json.dumps(finding).encode().replace(b"bank.c", b"b\xe4nk.c") + b"\n"
    for log in (line, odd):
        r = report_files(tmp_path, "--format=json", log=log)
        assert r.status == 66 and "nk.c" in read(r)[0]["accesses"][0]["stack"][0]["file"], r


def called_otherwise(bank, **changes):
    """The bank's race, its write reached by another call."""
    raw = ct.race(bank, **changes)
    raw["accesses"][0]["stack"][2:1] = [bank.at("race_", "race_to_the_bottom")]
    return raw


def last_of(bank, first, last):
    """The text about the last one, as the fourth: paragraphs are the findings, and three at the same lines are told in
    full."""
    others = [ct.race(bank), ct.race(bank)]
    for i, raw in enumerate(others):
        raw["accesses"][1]["stack"].insert(1, [bank.at("teller", "teller"), bank.at("race_", "race_to_the_bottom")][i])
    r = report_files(bank.path.parent, log=ct.dumps(first, *others, last))
    assert r.status == 66 and not r.stderr, r
    told = r.stdout.split("\n\n")
    assert len(told) == 4 and all("suppress:" in t and "again:" not in t for t in told[:3]), r
    return told[-1]


def test_the_same_lines_by_other_calls(bank):
    """Told in short, but nothing that differs is left out."""
    write, read_ = f"bank.c:{bank.line('add')}:14", f"bank.c:{bank.line('audit')}:15"
    text = last_of(bank, ct.race(bank), called_otherwise(bank))
    assert text.startswith(f"{write}: error: data race on 'the_acct.balance' (8 bytes) [GW1001]\n   again: "), text
    assert f' (2) write by goroutine 7 "teller" at {write}, no lock held, by other calls\n        race_to_the_bottom ' in text
    assert f" (1) earlier read by main at {read_}, holding mutex 'a->mu'" in text and ", by the same calls\n" in text
    assert all(word not in text for word in ("deposit", "teller ", " > ", "why:", "memory:", "help:", "suppress:")), text


def test_the_same_lines_in_other_memory(bank):
    text = last_of(bank, ct.race(bank), called_otherwise(bank, memory=ct.heap(bank)))
    assert "   again: " in text and "   memory: heap block of 96 bytes, offset 40" in text, text


def test_the_same_lines_the_other_way_round(bank):
    raw = called_otherwise(bank)
    raw["accesses"].reverse()
    text = last_of(bank, ct.race(bank), raw)
    assert "   again: " in text and " (2) read by main at " in text and text.count("by other calls") == 1, text
    assert text.index("by the same calls") < text.index("race_to_the_bottom"), text


def test_calls_that_end_sooner(bank):
    raw = ct.race(bank)
    raw["accesses"][0]["stack"] = raw["accesses"][0]["stack"][:1]
    text = last_of(bank, ct.race(bank), raw)
    assert "by other calls\n        deposit " in text and "teller " not in text, text


@pytest.mark.parametrize("change", ["line", "op", "kind"])
def test_what_is_another_race_is_told_in_full(bank, change):
    raw = called_otherwise(bank)
    if change == "line":
        raw["accesses"][1]["stack"][0] = bank.at("lock", "audit")
    elif change == "op":
        raw["accesses"][1]["op"] = "write"
    else:
        raw["kind"] = "GW1007"
    text = last_of(bank, ct.race(bank), raw)
    assert "again:" not in text and "suppress:" in text and "teller " in text, text


@pytest.mark.parametrize("style, word", [("go", "WARNING: DATA RACE"), ("tsan", "WARNING: ThreadSanitizer")])
def test_other_tools_styles_are_always_in_full(bank, style, word):
    r = report_files(bank.path.parent, f"--style={style}", log=ct.dumps(ct.race(bank), called_otherwise(bank)))
    assert r.stdout.count(word) == 2 and r.stdout.count("deposit") == 2 and "again:" not in r.stdout, r


def test_json_is_always_in_full(bank, tmp_path):
    found = read(report_files(tmp_path, "--format=json", log=ct.dumps(ct.race(bank), called_otherwise(bank))))
    assert [len(f["accesses"][0]["stack"]) for f in found] == [3, 4]
