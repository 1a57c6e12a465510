"""Programs written by hand, with verdicts that need no oracle: they hold the oracle and the detector alike.

One operation a line (script.py); `= name` after it names the operation, `! name ...` says with which earlier ones it
races.  Goroutine 0 is there from the start; `go N` is short for creating goroutines 1 to N from 0.
Memory orders: 0 relaxed, 1 consume, 2 acquire, 3 release, 4 acq_rel, 5 seq_cst.
"""

from scenarios_accesses import ACCESSES
from scenarios_atomics import ATOMICS
from scenarios_edges import EDGES
from scenarios_lives import LIVES
from scenarios_memory import MEMORY
from scenarios_rounds import ROUNDS
from script import Program

SCENARIOS = EDGES | MEMORY | ACCESSES | LIVES | ATOMICS | ROUNDS

LIMITS = (0, 16, 32, 128)  # of the variables that scenarios use


def _many_readers(count):
    """`count` ordered readers between two accesses that race."""
    lines = [f"go {count + 2}", "w 1 0 8 1 = a"]
    lines += [f"h {i} {i + 1}\n r {i + 1} 0 8 1" for i in range(1, count + 1)]
    return "\n".join(lines + [f"r {count + 2} 0 8 1 ! a"])


def _many_free_readers(count):
    """`count` readers without order: each races with the write at the end but the one that told the writer."""
    lines = [f"go {count + 1}"] + [f"r {i} 0 8 1 = r{i}" for i in range(1, count + 1)] + [f"h {count} {count + 1}"]
    return "\n".join(lines + [f"w {count + 1} 0 8 1 ! " + " ".join(f"r{i}" for i in range(1, count))])


def _field_of_eight(raced, op):
    """Bytes of one granule, each written (or read) in an epoch of its own, of which one is raced with."""
    lines = ["go 3"]
    for i in range(8):
        lines += [f"{op} 1 {i} 1 1" + (" = a" if i == raced else ""), "h 1 2"]
    return "\n".join(lines + [f"w 3 {raced} 1 1 ! a"])


for _n in range(8):
    SCENARIOS[f"field {_n} of eight written ones"] = _field_of_eight(_n, "w")
    SCENARIOS[f"field {_n} of eight read ones"] = _field_of_eight(_n, "r")

for _n in (1, 2, 3, 4, 5, 8, 16, 64):
    SCENARIOS[f"{_n} ordered readers between"] = _many_readers(_n)
    SCENARIOS[f"{_n + 1} readers without order"] = _many_free_readers(_n + 1)


def read(text):
    """The Program of a scenario, and the pairs (later, earlier) that race."""
    ops, names, pairs = [], {}, set()
    for line in filter(None, map(str.strip, text.splitlines())):
        body, _, racers = line.partition("!")
        body, _, name = body.partition("=")
        words = body.split()
        if words[0] == "go":
            ops += [("n", 0, len(ops) + i + 1, 0, 0) for i in range(int(words[1]))]
            continue
        name = name.strip()
        pairs |= {(len(ops), names[r]) for r in racers.split()}
        if name:
            names[name] = len(ops)
        ops.append((words[0], *map(int, words[1:])))
    # Variables of eight bytes, as most scenarios use them; those with longer accesses have one.
    longest = max([op[3] for op in ops if op[0] in "rwFMLSRC"], default=8)
    regions = tuple((i, i + 8) for i in range(0, 128, 8)) if longest <= 8 else ((0, 128),)
    return Program(128, 0, 0, regions, tuple(ops)), pairs
