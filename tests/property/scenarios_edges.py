"""What happens before what: creation, release and acquire, hand-offs.  The language is scenarios.py's."""

EDGES = {
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
    "written to a pipe by two, of whom one learns more before he tells": """
        go 4
        w 1 0 8 1
        w 2 8 8 1
        u 1 0 1
        u 2 0 1
        w 3 16 8 1
        l 3 5
        a 2 5
        l 2 6
        U 4 0
        r 4 0 8 1
        r 4 8 8 1
        a 4 6
        r 4 16 8 1
    """,
    "written to a pipe by one who has done nothing but learn": """
        go 4
        w 3 16 8 1
        l 3 5
        a 2 5
        w 1 0 8 1
        u 1 0 1
        u 2 0 1
        U 4 0
        r 4 0 8 1
        r 4 16 8 1
    """,
    "written to a pipe by two, again and again, and then read": """
        go 3
        w 1 0 8 1
        w 2 8 8 1
        u 1 0 1
        u 2 0 1
        u 1 0 1
        u 2 0 1
        U 3 0
        r 3 0 8 1
        r 3 8 8 1
        l 1 5
        l 2 5
        w 1 0 8 1 = late ! was
        u 1 0 1
        w 2 8 8 1 ! too
        r 3 0 8 1 ! late
    """.replace("r 3 0 8 1\n        r 3 8", "r 3 0 8 1 = was\n        r 3 8").replace("r 3 8 8 1\n", "r 3 8 8 1 = too\n"),
}
