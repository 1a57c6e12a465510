"""The README's first page: what it shows is what is printed, and what it tells to type works."""

import re

import pytest

import godwit_testing as gt

README = (gt.REPO / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def normal(text):
    """Without what differs between machines: addresses, and the name of the build folder."""
    text = text.replace(str(gt.BUILD), "build").replace(str(gt.REPO) + "/", "")
    return re.sub(r"0x[0-9a-f]+", "0x...", text).strip()


def test_the_demo_prints_what_the_first_page_shows(build):
    shown = next(b for b in blocks("console") if b.startswith("$ ./bootstrap demo\n"))
    for _ in range(20):
        r = gt.run(gt.REPO / "bootstrap", "demo", env={"GODWIT_BUILD": gt.BUILD}, cwd="/", timeout=600)
        assert r.status == 0, r
        if "earlier read by" in r.stdout:
            break  # the teller has waited 20 ms for the auditor: nearly always long enough
    assert normal(r.stdout) == normal(shown.split("\n", 1)[1])


def test_the_second_demo_takes_seconds(build):
    """Nothing is installed, configured or compiled again: nothing is said of it."""
    gt.run(gt.REPO / "bootstrap", "demo", env={"GODWIT_BUILD": gt.BUILD}, timeout=600)
    r = gt.run(gt.REPO / "bootstrap", "demo", env={"GODWIT_BUILD": gt.BUILD}, timeout=60)
    assert r.status == 0 and r.stderr == "", r


@pytest.mark.parametrize("race", [False, True])
def test_the_program_on_the_first_page(race, programs):
    (source,) = blocks("c")
    r = gt.run(programs(source, "-O1", race=race))
    assert (r.status, r.stdout, r.stderr) == (0, "1\n4\n9\n", ""), r


def test_every_command_it_names_is_there(build):
    help_text = gt.run(gt.GODWIT, "--help").stdout
    for name in re.findall(r"`godwit ([a-z]+)", README):
        assert re.search(rf"\b{name}\b", help_text), name


def test_every_file_it_names_is_there():
    for name in re.findall(r"`((?:docs/)?[A-Z]+\.md|examples/|docs/[\w./]+)`", README):
        assert (gt.REPO / name).exists(), name
