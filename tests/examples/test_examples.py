"""Each example: the racy version is found on every run, at the right lines and by name; the repaired one is silent."""

from pathlib import Path
from typing import NamedTuple

import pytest

import godwit_testing as gt

FOLDER = gt.REPO / "examples"


class Example(NamedTuple):
    """What a racy example must show, by the text of its lines."""

    name: str  # of the variable, as the report says it
    race: tuple  # the two lines of the race that every schedule has
    others: tuple = ()  # lines that may race as well, in some schedules
    other_names: tuple = ()
    start: str = "gw_go("  # the line that created the racing goroutines


EXAMPLES = {
    "append": Example("list.count", ("int place = l->count", "l->count = place + 1"),
                      others=("l->items[place] = item",), other_names=("list.items[]", "")),
    "bank": Example("account.balance", ("{ a->balance += amount; }", "long seen = a->balance")),
    "counter": Example("hits", ("hits++;", "hits++;")),
    "lazyinit": Example("table", ("if (table == NULL)", "table = make_squares"),
                        others=("return table", "calloc(", "squares[i] = i * i", "squares[n]"), other_names=("",)),
    "loopvar": Example("page", ("int mine = *page", "page++")),
    "map": Example("stock.used", ("m->used++", "m->used++")),
    "publish": Example("settings.workers", ("settings.workers = 8", "= settings.workers"), start="pthread_create("),
    "tickets": Example("tickets", ("if (tickets > 0)", "tickets--"), start="pthread_create("),
    "twowords": Example("headline.length", ("headline = news", "shown = headline"),
                        other_names=("headline", "headline.bytes")),
}


@pytest.fixture(params=sorted(EXAMPLES))
def example(request):
    return request.param


def source(name):
    return FOLDER / f"{name}.c"


def line_text(frame, path):
    """The source line that a frame names, or "" if it isn't in this file."""
    if Path(frame.get("file") or "").name != path.name or not frame.get("line"):
        return ""
    return path.read_text().splitlines()[frame["line"] - 1]


def line_of(access, path):
    frame = gt.user_frame(access, path)
    return line_text(frame, path) if frame else ""


def is_the_race(finding, wanted, path):
    """Is it the pair of lines that every schedule has, under the right name?"""
    lines = [line_of(a, path) for a in finding["accesses"]]
    one, other = wanted.race
    names = {wanted.name, *wanted.other_names} - {""}
    return (len(lines) == 2 and finding["variable"]["name"] in names
            and any(one in lines[i] and other in lines[1 - i] for i in (0, 1)))


def check_racy(run, wanted, path):
    shown = "\n".join(gt.show(f) for f in run.findings) + f"\n{run.result}"
    assert run.status == 66, shown
    assert any(is_the_race(f, wanted, path) for f in run.findings), shown
    for finding in run.findings:
        assert finding["kind"] == "GW1001", shown
        assert (finding["variable"]["name"] or "") in (wanted.name, *wanted.other_names), shown
        for access in finding["accesses"]:
            assert any(text in line_of(access, path) for text in (*wanted.race, *wanted.others)), shown
            if not access["goroutine"].get("main"):
                assert any(wanted.start in line_text(f, path) for f in access["created_at"]), shown


def test_racy_is_found_on_every_run(example, programs, runs, tmp_path):
    path = source(f"{example}_racy")
    program = programs(path, "-O1")
    for _ in range(runs):
        check_racy(gt.run_race(program, folder=tmp_path), EXAMPLES[example], path)


def test_repaired_is_silent_on_every_run(example, programs, runs, tmp_path):
    program = programs(source(f"{example}_fixed"), "-O1")
    for _ in range(runs):
        run = gt.run_race(program, folder=tmp_path)
        assert (run.status, run.findings, run.result.stderr) == (0, [], ""), run


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
def test_verdicts_at_other_levels(example, level, programs, tmp_path):
    path = source(f"{example}_racy")
    check_racy(gt.run_race(programs(path, level), folder=tmp_path), EXAMPLES[example], path)
    run = gt.run_race(programs(source(f"{example}_fixed"), level), folder=tmp_path)
    assert (run.status, run.findings, run.result.stderr) == (0, [], ""), run


def test_godwit_run(example, build):
    """The one command: text on standard error, with both lines quoted and the name in the first line."""
    wanted = EXAMPLES[example]
    racy = gt.run(gt.GODWIT, "run", "-race", source(f"{example}_racy"))
    assert racy.status == 66, racy
    heads = [line for line in racy.stderr.splitlines() if "error: data race on" in line]
    assert any(f"'{wanted.name}'" in line and "[GW1001]" in line for line in heads), racy
    assert all(text in racy.stderr for text in wanted.race), racy
    fixed = gt.run(gt.GODWIT, "run", "-race", source(f"{example}_fixed"))
    assert (fixed.status, fixed.stderr) == (0, ""), fixed


def test_every_example_is_here():
    """A racy file without its repaired twin, or without a test, would go unnoticed."""
    stems = {p.stem for p in FOLDER.glob("*.c")}
    assert stems == {f"{name}_{kind}" for name in EXAMPLES for kind in ("racy", "fixed")}
