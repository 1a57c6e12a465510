"""Programs written by hand, with verdicts that need no oracle: they hold the oracle and the detector alike.

One operation a line (script.py); `= name` after it names the operation, `! name ...` says with which earlier ones it
races.  Goroutine 0 is there from the start; `go N` is short for creating goroutines 1 to N from 0.
Memory orders: 0 relaxed, 1 consume, 2 acquire, 3 release, 4 acq_rel, 5 seq_cst.
"""

from script import Program

SCENARIOS = {
    "two writes without order": """
        go 2
        w 1 0 8 0 = a
        w 2 0 8 0 ! a
    """,
    "write, then read": """
        go 2
        w 1 0 4 1 = a
        r 2 0 4 1 ! a
    """,
    "read, then write": """
        go 2
        r 1 0 4 1 = a
        w 2 0 4 1 ! a
    """,
    "two reads": """
        go 2
        r 1 0 8 1
        r 2 0 8 1
    """,
    "one goroutine alone": """
        w 0 0 8 1
        r 0 0 4 1
        w 0 2 4 2
        r 0 0 8 0
    """,
    "creation is an edge, the other way is none": """
        w 0 0 8 1
        n 0 1 0 0
        r 1 0 8 1
        w 1 8 8 1 = child
        r 0 8 8 1 ! child
        w 0 16 8 1 = late
        w 1 16 8 1 ! late
    """,
    "an end is no edge": """
        n 0 1 0 0
        w 1 0 8 1 = a
        x 1
        w 0 0 8 1 ! a
        n 0 2 0 0
        w 2 0 8 1 ! a
    """,
    "release and acquire": """
        go 2
        w 1 0 8 1
        l 1 0
        a 2 0
        w 2 0 8 1
    """,
    "what follows a release isn't published": """
        go 2
        w 1 0 8 1
        l 1 0
        w 1 8 8 1 = late
        w 1 0 8 1 = again
        a 2 0
        r 2 8 8 1 ! late
        r 2 0 8 1 ! again
    """,
    "another key": """
        go 2
        w 1 0 8 1 = a
        l 1 0
        a 2 1
        w 2 0 8 1 ! a
    """,
    "acquire before release": """
        go 2
        w 1 0 8 1 = a
        a 2 0
        l 1 0
        w 2 0 8 1 ! a
    """,
    "a key's clock, and ids collected before the acquire": """
        go 2
        w 1 16 8 1
        l 1 0
        w 1 24 8 1 = late
        l 1 5
        c 0 1 3000
        a 2 0
        r 2 16 8 1
        r 2 24 8 1 ! late
    """,
    "release replaces": """
        go 3
        w 1 0 8 1 = a
        l 1 0
        w 2 8 8 1
        l 2 0
        a 3 0
        r 3 8 8 1
        r 3 0 8 1 ! a
    """,
    "merge keeps": """
        go 3
        w 1 0 8 1
        m 1 0
        w 2 8 8 1
        m 2 0
        a 3 0
        w 3 8 8 1
        w 3 0 8 1
    """,
    "a release after merges replaces them all": """
        go 4
        w 1 0 8 1 = a
        m 1 0
        m 2 0
        l 3 0
        a 4 0
        w 4 0 8 1 ! a
    """,
    "release_acquire gives both": """
        go 3
        w 1 0 8 1 = first
        q 1 0
        w 2 8 8 1
        q 2 0
        r 2 0 8 1 = second
        q 1 0
        r 1 8 8 1
        w 3 0 8 1 = c ! first second
        r 2 0 8 1 ! c
    """,
    "hand-off": """
        go 3
        w 1 0 8 1
        h 1 2
        w 1 8 8 1 = late
        r 2 0 8 1
        r 2 8 8 1 ! late
        r 3 0 8 1 ! first
    """.replace("w 1 0 8 1\n", "w 1 0 8 1 = first\n"),
    "transitive hand-off by one who did nothing": """
        go 3
        w 1 0 8 1
        l 1 0
        a 2 0
        l 2 1
        w 2 8 8 1 = late
        a 3 1
        w 3 0 8 1
        w 3 8 8 1 ! late
    """,
    "transitive hand-off, long chain without accesses": """
        go 6
        w 1 0 8 1
        h 1 2
        h 2 3
        h 3 4
        l 4 0
        a 5 0
        m 5 1
        a 6 1
        w 6 0 8 1
    """,
    "a write after an elided release": """
        go 2
        w 1 0 8 1
        l 1 0
        l 1 0
        l 1 1
        w 1 8 8 1 = late
        a 2 0
        a 2 1
        r 2 0 8 1
        r 2 8 8 1 ! late
    """,
    "a read after an elided release": """
        go 2
        r 1 0 8 1
        l 1 0
        l 1 0
        r 1 8 8 1 = late
        a 2 0
        w 2 0 8 1
        w 2 8 8 1 ! late
    """,
    "a newborn that did nothing releases": """
        go 2
        l 1 0
        w 1 0 8 1 = a
        a 2 0
        w 2 0 8 1 ! a
    """,
    "forgotten key": """
        go 2
        w 1 0 8 1 = a
        l 1 0
        f 0
        a 2 0
        r 2 0 8 1 ! a
    """,
    "reborn memory": """
        go 2
        w 1 0 8 1
        B 0 8
        w 2 0 8 1 = b
        r 1 0 8 1 ! b
    """,
    "memory reborn in part": """
        go 2
        w 1 0 16 2 = a
        B 0 8
        w 2 0 8 1
        w 2 8 8 1 ! a
    """,
    "memory is reborn in whole granules": """
        go 2
        w 1 0 24 2 = a
        B 8 3
        w 2 8 1 1
        w 2 15 1 1
        w 2 7 1 1 ! a
        w 2 16 1 1 ! a
    """,
    "reborn memory has no clocks": """
        go 2
        w 1 16 8 1 = a
        S 1 0 4 3 1
        B 0 8
        L 2 0 4 2
        r 2 16 8 1 ! a
    """,
    "a stack is reborn": """
        go 1
        w 1 0 8 1
        n 0 2 0 8
        w 2 0 8 1
    """,
    "malloc's write comes before use": """
        go 2
        w 1 0 8 1
        M 2 0 16 = alloc
        w 2 0 8 1 = init
        r 1 0 8 1 ! alloc init
    """,
    "free races with a use": """
        go 2
        r 1 4 4 1 = use
        F 2 0 16 ! use
    """,
    "use after a free that isn't ordered": """
        go 2
        F 1 0 16 = free
        r 2 8 8 1 ! free
    """,
    "neighbours in one granule": """
        go 3
        w 1 0 2 1
        w 2 2 2 1
        w 3 4 4 1
    """,
    "overlap in one byte": """
        go 2
        w 1 0 4 1 = a
        w 2 3 4 1 ! a
    """,
    "unaligned over two granules": """
        go 3
        w 1 6 4 1 = a
        w 2 0 4 1
        w 2 8 2 1 ! a
        w 3 4 2 1
        r 3 6 1 1 ! a
    """,
    "two halves written in one epoch keep their places": """
        go 2
        w 1 0 4 1 = lo
        w 1 4 4 1 = hi
        r 2 4 4 1 ! hi
        r 2 0 4 1 ! lo
    """,
    "a range over many granules, one byte raced": """
        go 2
        w 1 3 90 2 = a
        w 2 0 3 2
        w 2 93 3 2
        r 2 92 1 1 ! a
    """,
    "a partial overwrite forgets nothing": """
        go 3
        w 1 0 8 1 = a
        h 1 2
        w 2 0 4 1 = b
        r 3 6 2 1 ! a
        r 3 0 2 1 ! a b
    """,
    "many partial overwrites": """
        go 9
        w 1 0 8 1 = a
        h 1 2
        w 2 0 1 1
        h 2 3
        w 3 1 1 1
        h 3 4
        w 4 2 1 1
        h 4 5
        w 5 3 1 1
        h 5 6
        w 6 4 1 1
        h 6 7
        w 7 5 1 1
        h 7 8
        w 8 6 1 1
        w 9 7 1 1 ! a
    """,
    "of two readers one is in order": """
        go 3
        r 1 0 8 1 = a
        r 2 0 8 1
        h 2 3
        w 3 0 8 1 ! a
    """,
    "of two readers neither is forgotten": """
        go 4
        r 1 0 8 1 = a
        r 2 0 8 1 = b
        h 1 3
        h 2 4
        w 3 0 8 1 = c ! b
        w 4 0 8 1 ! a c
    """,
    "an ordered read doesn't hide the write before it": """
        go 3
        w 1 0 8 1 = a
        h 1 2
        r 2 0 8 1
        r 3 0 8 1 ! a
    """,
    "an ordered write hides nothing": """
        go 3
        r 1 0 8 1 = r1
        h 1 2
        w 2 0 8 1 = w2
        w 3 0 8 1 ! r1 w2
    """,
    "a read by the writer itself": """
        go 2
        w 1 0 8 1 = a
        r 1 0 8 1 = b
        w 2 0 8 1 ! a b
    """,
    "ignored accesses": """
        go 3
        i 1 1
        w 1 0 8 1
        i 1 1
        i 1 -1
        w 1 0 8 0
        i 1 -1
        w 2 0 8 1 = a
        i 3 1
        w 3 0 8 1
        l 3 0
        i 3 -1
        w 1 0 8 1 ! a
    """,
    "sync inside ignored code counts": """
        go 2
        w 1 0 8 1
        i 1 1
        l 1 0
        i 1 -1
        i 2 1
        a 2 0
        i 2 -1
        w 2 0 8 1
    """,
    "locks held are no edge": """
        go 2
        k 1 0 1
        w 1 0 8 1 = a
        d 1 0
        k 2 0 1
        w 2 0 8 1 ! a
        d 2 0
    """,
    "a dead goroutine's place taken by a stranger": """
        go 2
        w 1 0 8 1 = a
        x 1
        n 2 3 0 0
        w 3 0 8 1 ! a
    """,
    "a dead goroutine's place taken in order": """
        n 0 1 0 0
        w 1 0 8 1
        h 1 0
        x 1
        n 0 2 0 0
        w 2 0 8 1
        w 0 0 8 1 ! again
    """.replace("w 2 0 8 1\n", "w 2 0 8 1 = again\n"),
    "an heir's accesses aren't its ancestor's": """
        go 2
        w 1 0 8 1
        h 1 0
        h 1 2
        x 1
        n 0 3 0 0
        w 3 8 8 1 = heir
        r 2 0 8 1
        r 2 8 8 1 ! heir
    """,
    "ten thousand rounds of another lock in between": """
        go 3
        w 1 0 8 1 = a
        c 1 0 10000
        c 2 0 10000
        w 3 0 8 1 ! a
        w 2 0 8 1 ! c
    """.replace("w 3 0 8 1 !", "w 3 0 8 1 = c !"),
    "three thousand goroutines in between": """
        go 2
        w 1 0 8 1 = a
        W 0 3000 -1
        W 1 300 0
        r 2 0 8 1 ! a
        a 2 0
        r 2 0 8 1
    """,
    # atomics
    "two atomic writes": """
        go 2
        S 1 0 4 0 1
        S 2 0 4 0 2
        L 1 0 4 0
    """,
    "atomic beside plain write": """
        go 2
        S 1 0 4 5 1 = a
        w 2 0 4 1 ! a
    """,
    "plain write beside atomic read": """
        go 2
        w 1 0 4 1 = a
        L 2 0 4 5 ! a
    """,
    "atomic read beside plain read": """
        go 2
        L 1 0 4 0
        r 2 0 4 1
    """,
    "atomic write beside plain read": """
        go 2
        r 1 0 4 1 = a
        S 2 0 4 3 1 ! a
    """,
    "a read-modify-write is a write": """
        go 2
        R 1 0 4 5 1 1 = a
        r 2 0 4 1 ! a
    """,
    "a failed compare-exchange only reads": """
        go 2
        C 1 0 4 5 5 3 1
        r 2 0 4 1
        C 1 0 4 5 5 0 1 ! plain
    """.replace("r 2 0 4 1\n", "r 2 0 4 1 = plain\n"),
    "an atomic doesn't replace the plain write below it": """
        go 3
        w 1 0 4 1 = a
        h 1 2
        S 2 0 4 0 1
        L 3 0 4 0 ! a
    """,
    "many atomic writers beside one plain read": """
        go 5
        S 1 0 4 0 1 = a
        S 2 0 4 0 1 = b
        S 3 0 4 0 1 = c
        h 3 5
        h 2 5
        r 5 0 4 1 ! a
    """,
    "store release, load acquire": """
        go 2
        w 1 8 8 1
        S 1 0 4 3 1
        L 2 0 4 2
        w 2 8 8 1
    """,
    "store relaxed, load acquire": """
        go 2
        w 1 8 8 1 = a
        S 1 0 4 0 1
        L 2 0 4 2
        w 2 8 8 1 ! a
    """,
    "store release, load relaxed": """
        go 2
        w 1 8 8 1 = a
        S 1 0 4 3 1
        L 2 0 4 0
        w 2 8 8 1 ! a
    """,
    "plain initialisation, then publication": """
        go 2
        w 1 0 4 1 = init
        S 1 0 4 3 1
        L 2 0 4 0 ! init
        L 2 0 4 2
        L 2 0 4 0
    """,
    "plain initialisation, then publication, seen at once": """
        go 4
        w 1 0 4 1
        S 1 0 4 3 1
        L 2 0 4 2
        R 3 0 4 2 1 1
        C 4 0 4 0 2 9 1
    """,
    "a relaxed store behind an older fence keeps the newer release": """
        go 2
        T 1 3
        w 1 8 8 1
        S 1 0 4 3 1
        w 1 16 8 1 = late
        S 1 0 4 0 2
        L 2 0 4 2
        r 2 8 8 1
        r 2 16 8 1 ! late
    """,
    "fence, relaxed store; relaxed load, fence": """
        go 2
        w 1 8 8 1
        T 1 3
        S 1 0 4 0 1
        L 2 0 4 0
        T 2 2
        w 2 8 8 1
    """,
    "what follows the fence isn't published": """
        go 2
        T 1 3
        w 1 8 8 1 = a
        S 1 0 4 0 1
        L 2 0 4 0
        T 2 2
        w 2 8 8 1 ! a
    """,
    "a release fence, and ids collected before the store": """
        go 2
        w 1 16 8 1
        T 1 3
        w 1 24 8 1 = late
        l 1 5
        c 0 1 3000
        S 1 0 4 0 1
        L 2 0 4 0
        T 2 2
        r 2 16 8 1
        r 2 24 8 1 ! late
    """,
    "a relaxed load, and ids collected before the fence": """
        go 3
        w 1 16 8 1
        S 1 0 4 3 1
        w 1 24 8 1 = late
        l 1 5
        L 2 0 4 0
        S 3 0 4 0 2
        c 0 1 3000
        T 2 2
        r 2 16 8 1
        r 2 24 8 1 ! late
    """,
    "an acquire fence before the load": """
        go 2
        w 1 8 8 1 = a
        S 1 0 4 3 1
        T 2 2
        L 2 0 4 0
        w 2 8 8 1 ! a
    """,
    "two seq_cst fences alone": """
        go 2
        w 1 8 8 1 = a
        T 1 5
        T 2 5
        w 2 8 8 1 ! a
    """,
    "an acquire fence doesn't release": """
        go 2
        w 1 8 8 1 = a
        T 1 2
        S 1 0 4 0 1
        L 2 0 4 2
        w 2 8 8 1 ! a
    """,
    "a read-modify-write carries a release on": """
        go 3
        w 1 8 8 1
        S 1 0 4 3 1
        R 2 0 4 0 1 1
        L 3 0 4 2
        w 3 8 8 1
    """,
    "a relaxed read-modify-write adds nothing of its own": """
        go 3
        S 1 0 4 3 1
        w 2 8 8 1 = a
        R 2 0 4 0 1 1
        L 3 0 4 2
        w 3 8 8 1 ! a
    """,
    "a stranger's relaxed store ends a release sequence": """
        go 3
        w 1 8 8 1 = a
        S 1 0 4 3 1
        S 2 0 4 0 2
        L 3 0 4 2
        w 3 8 8 1 ! a
    """,
    "a relaxed store by the releaser carries its release on": """
        go 3
        w 1 8 8 1
        S 1 0 4 3 1
        w 1 16 8 1 = late
        S 1 0 4 0 2
        L 3 0 4 2
        w 3 8 8 1
        w 3 16 8 1 ! late
    """,
    "a releasing read-modify-write joins": """
        go 3
        w 1 8 8 1
        S 1 0 4 3 1
        w 2 16 8 1
        R 2 0 4 3 1 1
        w 2 8 8 1 ! first
        L 3 0 4 2
        w 3 16 8 1
    """.replace("w 1 8 8 1\n", "w 1 8 8 1 = first\n"),
    "a failed compare-exchange acquires by its failure order": """
        go 3
        w 1 8 8 1 = a
        S 1 0 4 3 1
        C 2 0 4 5 0 7 2
        r 2 8 8 1 ! a
        C 3 0 4 0 2 7 2
        r 3 8 8 1
    """,
    "a failed compare-exchange releases nothing": """
        go 2
        w 1 8 8 1 = a
        C 1 0 4 5 5 7 2
        L 2 0 4 2
        r 2 8 8 1 ! a
    """,
    "sixteen bytes": """
        go 2
        w 1 32 8 1
        S 1 0 16 3 1
        L 2 0 16 2
        w 2 32 8 1
        w 1 8 8 1 = a ! load
        S 2 0 16 0 2 ! a
    """.replace("L 2 0 16 2\n", "L 2 0 16 2 = load\n"),
}

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
