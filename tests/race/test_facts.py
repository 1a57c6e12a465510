"""What a finding says beside its two lines: who, holding what, created where, in whose memory, how often."""

import godwit_testing as gt

BANK = gt.REPO / "examples" / "bank_racy.c"


def line_of(text, path=BANK):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def bank(programs, tmp_path):
    run = gt.run_race(programs(BANK, "-O1"), folder=tmp_path)
    assert run.status == 66 and len(run.findings) == 1, run
    (finding,) = run.findings
    by_op = {a["op"]: a for a in finding["accesses"]}
    return finding, by_op["write"], by_op["read"]


def test_goroutines_by_name(programs, tmp_path):
    _, write, read = bank(programs, tmp_path)
    assert write["goroutine"]["name"] == "teller" and read["goroutine"]["name"] == "auditor"
    assert write["goroutine"]["id"] != read["goroutine"]["id"]
    assert not write["goroutine"].get("thread") and not write["goroutine"].get("main")


def test_whole_stacks(programs, tmp_path):
    """From the access to the goroutine's first function, nothing of ours in between."""
    _, write, read = bank(programs, tmp_path)
    assert [f["function"] for f in write["stack"]][:2] == ["deposit", "teller"]
    assert [f["function"] for f in read["stack"]][:2] == ["audit", "auditor"]
    assert [f["line"] for f in write["stack"]][:2] == [line_of("{ a->balance += amount; }"), line_of("deposit(a, 50)")]
    assert all(f["column"] > 0 for f in write["stack"][:2] + read["stack"][:2])


def test_creation_stacks(programs, tmp_path):
    _, write, read = bank(programs, tmp_path)
    for access, start in ((write, "gw_go(teller"), (read, "gw_go(auditor")):
        user = [f for f in access["created_at"] if f.get("function") == "main"]
        assert [f["line"] for f in user] == [line_of(start)]
        assert access["created_by"]["id"] == 1


def test_locks_held(programs, tmp_path):
    _, write, read = bank(programs, tmp_path)
    assert write["locks"] == []
    (lock,) = read["locks"]
    assert lock["mode"] == "write"
    assert line_of("gw_mutex_lock(&a->mu);") in [f["line"] for f in lock["stack"] if f.get("function") == "audit"]


def test_memory(programs, tmp_path):
    finding, _, _ = bank(programs, tmp_path)
    memory = finding["memory"]
    assert memory["kind"] == "heap" and 0 < memory["offset"] < memory["size"]
    assert line_of("calloc(1, sizeof *a)") in [f.get("line") for f in memory["stack"]]
    assert finding["variable"] == {"name": "account.balance", "name_source": "heap type"}


def test_duplicates_are_folded(programs, tmp_path):
    """A hundred races at one pair of lines are few findings, not a hundred; and the same on every run."""
    source = gt.REPO / "examples" / "counter_racy.c"
    prints = set()
    for _ in range(5):
        run = gt.run_race(programs(source, "-O1"), folder=tmp_path)
        assert 1 <= len(run.findings) <= 3, [gt.show(f) for f in run.findings]
        assert all(f["count"] >= 1 for f in run.findings)
        prints |= {f["fingerprint"] for f in run.findings}
    assert len(prints) <= 3


def test_fingerprint_survives_an_edit(programs, tmp_path):
    """Lines that move don't make a known race a new one."""
    moved = "\n\n/* a new comment */\n" + BANK.read_text()
    before, _, _ = bank(programs, tmp_path)
    after = gt.run_race(programs(moved, "-O1"), folder=tmp_path).findings
    assert [f["fingerprint"] for f in after] == [before["fingerprint"]]


def test_text_and_json_say_the_same(programs, tmp_path):
    program = programs(BANK, "-O1")
    text = gt.run(program).stderr
    finding, *accesses = bank(programs, tmp_path)
    head = text.splitlines()[0]
    assert head.endswith(f"data race on '{finding['variable']['name']}' (8 bytes) [GW1001]")
    # which of the two comes later is the clock's to say, in each run
    places = [f"{BANK.name}:{a['stack'][0]['line']}:{a['stack'][0]['column']}" for a in accesses]
    assert any(f"{place}: error:" in head for place in places) and all(place in text for place in places)
    assert '"teller"' in text and '"auditor"' in text


def test_names_whatever_the_working_folder(build, tmp_path):
    """Debug information names a file by its place under the compiler's working folder, and in more than one way."""
    for folder, name in ((gt.REPO, BANK), (gt.REPO, "examples/bank_racy.c"), (BANK.parent, "bank_racy.c"), ("/", BANK)):
        program = gt.compile_c(name, tmp_path / "bank", "-O1", cwd=folder)
        run = gt.run_race(program, folder=tmp_path, cwd="/")
        assert [f["variable"]["name"] for f in run.findings] == ["account.balance"], (folder, name)
        assert {gt.user_frame(a, BANK)["file"] for f in run.findings for a in f["accesses"]} == {str(BANK)}
