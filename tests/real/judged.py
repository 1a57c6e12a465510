"""The judgements of docs/servers.md: which row, if any, explains a finding."""

import re
from typing import NamedTuple

import godwit_testing as gt

DOCUMENT = gt.REPO / "docs" / "servers.md"
VERDICTS = ("real",)  # a report that is none has no place there: it would be the detector's mistake


class Row(NamedTuple):
    variables: frozenset  # names; None: one that no name is known of
    sides: tuple  # two sets of functions; None: any
    order: bool  # of locks, not of accesses


def _names(cell):
    return frozenset(re.findall(r"`([^`]+)`", cell))


def _row(cells):
    variable, one, other, verdict, why = cells
    assert verdict in VERDICTS and why, f"no verdict: {cells}"
    sides = tuple(None if cell == "any" else _names(cell) for cell in (one, other))
    assert all(side is None or side for side in sides), f"no function: {cells}"
    unnamed = {None} if "(" in variable else set()
    return Row(_names(variable) | unnamed, sides, variable == "(lock order)")


def rows(server, text=None):
    """The rows of a server's table."""
    text = DOCUMENT.read_text() if text is None else text
    section = text.split(f"## {server}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [_row([c.strip() for c in line.strip("|\n").split(" | ")]) for line in lines[1:]]


def _function(access, tree):
    """The innermost function of the program's own sources."""
    own = (f for f in access["stack"] if f.get("function") and (f.get("file") or "").startswith(str(tree)))
    return next((f["function"] for f in own), None)


def _fits(row, finding, tree):
    functions = [_function(a, tree) for a in finding["accesses"]]
    if row.order:
        known = row.sides[0] | row.sides[1]
        return finding["kind"] == "GW1002" and all(f in known for f in functions)
    name = re.sub(r"\[.*", "", (finding.get("variable") or {}).get("name") or "") or None
    if finding["kind"] != "GW1001" or name not in row.variables or len(functions) != 2:
        return False

    def side(n, function):
        return row.sides[n] is None or function in row.sides[n]
    return any(side(0, a) and side(1, b) for a, b in (functions, functions[::-1]))


def unjudged(findings, server, tree, text=None):
    """The findings that no row explains, as text."""
    table = rows(server, text)
    strange = [f for f in findings if not any(_fits(row, f, tree) for row in table)]
    return "\n".join(f"{gt.show(f)} {(f.get('variable') or {}).get('name')} in "
                     f"{' and '.join(str(_function(a, tree)) for a in f['accesses'])}" for f in strange)
