"""Accesses that share bytes in part, and what a later one may hide.  The language is scenarios.py's."""

ACCESSES = {
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
    "eight fields of one byte, each written in its own time": """
        go 3
        w 1 0 1 1 = a
        h 1 2
        w 1 1 1 1 = b
        h 1 2
        w 1 2 1 1 = c
        h 1 2
        w 1 3 1 1 = d
        h 1 2
        w 1 4 1 1 = e
        h 1 2
        w 1 5 1 1 = f
        h 1 2
        w 1 6 1 1 = g
        h 1 2
        w 1 7 1 1 = h
        h 1 2
        r 3 0 1 1 ! a
        r 3 1 1 1 ! b
        r 3 2 1 1 ! c
        r 3 3 1 1 ! d
        r 3 4 1 1 ! e
        r 3 5 1 1 ! f
        r 3 6 1 1 ! g
        r 3 7 1 1 ! h
    """,
    "eight fields of one byte, read and written in turns": """
        go 3
        r 1 0 1 1 = a
        h 1 2
        w 1 1 1 1 = b
        h 1 2
        r 1 2 1 1 = c
        h 1 2
        w 1 3 1 1 = d
        h 1 2
        r 1 4 1 1 = e
        h 1 2
        w 1 5 1 1 = f
        h 1 2
        r 1 6 1 1 = g
        h 1 2
        w 1 7 1 1 = h
        h 1 2
        r 2 0 8 1 = all
        w 3 0 1 1 ! a all
        w 3 1 1 1 ! b all
        w 3 2 1 1 ! c all
        w 3 3 1 1 ! d all
        w 3 4 1 1 ! e all
        w 3 5 1 1 ! f all
        w 3 6 1 1 ! g all
        w 3 7 1 1 ! h all
    """,
    "fields in turns, taken away in order": """
        go 3
        r 1 0 1 1
        h 1 2
        w 1 1 1 1
        h 1 2
        r 1 2 1 1
        h 1 2
        w 1 3 1 1
        h 1 2
        r 1 4 1 1
        h 1 2
        w 1 5 1 1
        h 1 2
        r 1 6 1 1
        h 1 2
        w 1 7 1 1
        h 1 2
        w 2 0 1 1
        h 2 3
        w 2 1 1 1
        h 2 3
        w 2 2 1 1
        h 2 3
        w 2 3 1 1
        h 2 3
        w 2 4 1 1
        h 2 3
        w 2 5 1 1
        h 2 3
        w 2 6 1 1
        h 2 3
        w 2 7 1 1
        h 2 3
        w 3 0 8 1
        h 3 1
        r 1 0 8 1
        w 1 2 4 1
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
    "a range read where several wrote, one of them at the same time": """
        go 3
        w 1 0 8 1
        h 1 3
        w 2 16 8 1 = b
        r 3 56 8 1
        r 3 0 32 1 ! b
    """,
    "a range read where several wrote before it": """
        go 4
        w 1 0 8 1
        h 1 3
        w 2 8 8 1
        h 2 3
        r 3 56 8 1
        r 3 0 32 1 = r
        w 4 24 8 1 ! r
    """,
    "a range read over what was displaced at the same time": """
        go 3
        w 1 4 4 1 = a
        w 2 0 4 1
        h 2 3
        r 3 56 8 1
        r 3 0 32 1 ! a
    """,
    "a range read stands for no write that was displaced": """
        go 4
        w 1 4 4 1 = a
        w 2 0 4 1
        h 1 3
        h 2 3
        r 3 56 8 1
        r 3 0 32 1
        r 4 4 4 1 ! a
    """,
    "a range read beside one of several that read before": """
        go 4
        r 1 0 8 1
        r 2 8 8 1 = b
        h 1 3
        r 3 0 32 1
        h 3 4
        w 4 8 4 1 ! b
    """,
    "a range read that leaves bytes of an older read": """
        go 3
        r 1 0 8 1 = a
        h 1 2
        r 2 4 20 1
        w 3 0 2 1 ! a
    """,
    "a range read by who has read some of it elsewhere": """
        go 2
        r 1 8 8 2 = a
        r 1 0 32 1 = b
        w 2 24 8 1 ! b
        w 2 8 8 1 ! a b
    """,
    "a range read leaves bytes of a displaced read": """
        go 4
        r 1 0 2 1 = a
        h 1 2
        r 2 4 4 1
        h 2 3
        r 3 56 8 1
        r 3 4 28 1
        w 4 0 2 1 ! a
    """,
}
