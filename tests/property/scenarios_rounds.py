"""Locks that come back to whoever let them go last (detector/round.c).  The language is scenarios.py's.

T and G stand for a lock that is taken and given back: as a mutex, and for reading.  The others take it for writing, and
race with what nobody gave them.
"""

import re

_ROUNDS = {
    "a section that recorded nothing anew": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 0 8 1
        G 1 1
        o 2 1
        w 2 0 8 1
    """,
    "what a round's section records": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1
        G 1 1
        T 1 1
        r 1 16 8 1
        G 1 1
        o 2 1
        w 2 0 24 1
    """,
    "what follows a round isn't its lock's": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        G 1 1
        w 1 0 8 1 = late
        o 2 1
        r 2 0 8 1 ! late
    """,
    "rounds of sections that record nothing, and then one that does": """
        go 2
        w 1 0 8 1
        l 1 0
        T 1 1
        G 1 1
        T 1 1
        G 1 1
        T 1 1
        w 1 8 8 1
        G 1 1
        w 1 16 8 1 = late
        o 2 1
        r 2 0 24 1 ! late
    """,
    "taken by a writer, who leaves what he did": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        G 1 1
        o 2 1
        w 2 8 8 1
        O 2 1
        T 1 1
        r 1 8 8 1
        w 1 0 8 1 = again
        G 1 1
        w 2 0 8 1 ! again
    """,
    "taken by a writer between the rounds: no section is his that comes later": """
        go 3
        T 1 1
        w 1 0 8 1
        G 1 1
        o 2 1
        O 2 1
        T 1 1
        w 1 0 8 1 = again
        w 2 0 8 1 = c ! again
        G 1 1
        o 3 1
        r 3 0 8 1 ! c
    """,
    "acquired in the section": """
        go 3
        w 3 0 8 1
        l 3 0
        T 1 1
        w 1 8 8 1
        G 1 1
        T 1 1
        a 1 0
        G 1 1
        o 2 1
        w 2 0 16 1
    """,
    "acquired between the sections": """
        go 3
        w 3 0 8 1
        l 3 0
        T 1 1
        w 1 8 8 1
        G 1 1
        a 1 0
        T 1 1
        w 1 8 8 1
        G 1 1
        o 2 1
        w 2 0 16 1
    """,
    "recorded between the sections": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        w 1 8 8 1
        T 1 1
        w 1 16 8 1
        G 1 1
        w 1 24 8 1 = late
        o 2 1
        r 2 0 32 1 ! late
    """,
    "published in the section": """
        go 3
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1
        l 1 0
        w 1 16 8 1 = late
        a 3 0
        r 3 0 24 1 ! late
        G 1 1
        o 2 1
        r 2 0 24 1
    """,
    "published between the sections": """
        go 3
        T 1 1
        w 1 0 8 1
        G 1 1
        l 1 0
        T 1 1
        w 1 0 8 1 = again
        a 3 0
        r 3 0 8 1 ! again
        G 1 1
    """,
    "a note in the section": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        s 1 96
        G 1 1
        o 2 1
        v 2 96
    """,
    "lent in the section": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1
        u 1 0 1
        G 1 1
        w 1 16 8 1 = late
        U 2 0
        r 2 0 24 1 ! late
    """,
    "another lock in the section": """
        go 3
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        o 1 2
        w 1 8 8 1
        O 1 2
        w 1 16 8 1 = late
        o 3 2
        r 3 0 24 1 ! late
        G 1 1
        o 2 1
        r 2 0 24 1
    """,
    "published in the section of a round that recorded nothing": """
        go 2
        w 1 0 8 1
        l 1 0
        T 1 1
        G 1 1
        T 1 1
        w 1 8 8 1
        l 1 0
        G 1 1
        o 2 1
        r 2 0 16 1
    """,
    "rounds of two locks, one in the other": """
        go 3
        o 1 2
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1
        G 1 1
        w 1 16 8 1 = outer
        o 3 1
        r 3 0 24 1 ! outer
        O 1 2
        o 2 2
        r 2 0 24 1
    """,
    "collected in a round": """
        go 3
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1
        c 2 0 3000
        w 1 16 8 1
        G 1 1
        w 1 0 8 1 = late
        o 3 1
        r 3 0 24 1 ! late
    """,
}

# Once locks are given back by others than who holds them.
_BY_OTHERS = {
    "given back by another, what came before the section is ordered": """
        go 2
        Z
        T 1 1
        w 1 0 8 1
        G 1 1
        T 1 1
        w 1 8 8 1 = in
        G 2 1
        o 2 1
        w 2 0 8 1
        w 2 8 8 1 ! in
    """,
    "given back by another, what came again in the section isn't": """
        go 2
        Z
        T 1 1
        w 1 0 8 1 = was
        G 1 1
        T 1 1
        w 1 0 8 1 = again
        G 2 1
        o 2 1
        r 2 0 8 1 ! again
    """,
    "given back by another, and taken before anybody did so": """
        go 2
        T 1 1
        w 1 0 8 1
        G 1 1
        Z
        T 1 1
        w 1 8 8 1 = in
        G 2 1
        o 2 1
        w 2 0 8 1
        w 2 8 8 1 ! in
    """,
    "given back by another twice": """
        go 3
        Z
        T 1 1
        w 1 0 8 1
        G 1 1
        T 2 1
        w 2 8 8 1 = in
        G 3 1
        T 1 1
        G 3 1
        o 3 1
        r 3 0 8 1
        r 3 8 8 1 ! in
    """,
}


def _as(text, take, give):
    return re.sub(r"\b[TG] ", lambda m: (take if m[0] == "T " else give) + " ", text)


ROUNDS = {f"{name} ({kind})": _as(text, *letters)
          for name, text in (_ROUNDS | _BY_OTHERS).items()
          for kind, letters in (("a mutex", "oO"), ("read", "yY"))}
