"""What is ignored, held or ended; places that dead goroutines leave; much that happens in between.  The language is scenarios.py's."""

LIVES = {
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
}
