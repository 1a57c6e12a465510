"""Memory that changes hands: reborn, allocated, freed.  The language is scenarios.py's."""

MEMORY = {
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
}
