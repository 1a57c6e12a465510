"""Atomic accesses, release sequences, fences.  The language is scenarios.py's."""

ATOMICS = {
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
