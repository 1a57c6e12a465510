"""The gate script's own manners; what the gates find is their own business."""

import godwit_testing as gt

RUN = gt.REPO / ".ci" / "run"


def test_unknown_gate():
    r = gt.run(RUN, "formt")
    assert r.status == 64 and "no gate 'formt'" in r.stderr and "format" in r.stderr


def test_every_gate_has_its_function():
    text = RUN.read_text()
    gates = text.split("readonly gates=(")[1].split(")")[0].split()
    assert gates[-1] == "tests" and all(f"gate_{g}() {{" in text for g in gates)
