"""Random programs whose goroutines stand in a row, or in a circle or a tree, and meet their neighbours again and again, so
that large clocks are joined of which both sides have changed much; now and then somebody meets a stranger, or is told
something by a lock, a channel's slot or a hand-off.  Each writes a word of its own: who reads that asks for one component
of his clock."""

from script import Execution, Program

KEYS, LOCKS, SLOTS = 3, 2, 3


class Rows:
    """Draws one program from `rng`, a random.Random."""

    def __init__(self, rng):
        self.rng = rng
        self.n = rng.choice((18, 20, 26, 40))
        self.threads = rng.choice((1, 1, 3))
        self.strange = rng.choice((0, 0.02, 0.05, 0.15))  # how often somebody has to do with others than neighbours
        self.change = rng.choice((0, 0, 0.01, 0.03))  # how often one ends, and another takes the place
        self.writes = rng.choice((0.1, 0.3, 0.6))
        self.probes = rng.choice((0.02, 0.1))
        self.notes = rng.choice((0, 0.5))
        self.one_way = rng.choice((0, 0, 0.05, 0.2))  # how often a neighbour is told what somebody published
        self.ran, self.ops = Execution(), []
        self.at = list(range(self.n))  # place -> goroutine
        self.born = self.n
        chain = rng.random() < 0.5
        for g in range(1, self.n):
            self.add("n", g - 1 if chain else 0, g, 0, 0)
        for place in range(self.n):
            self.write(place)
        self.pairs = self.neighbours(rng.choice(("row", "row", "row", "circle", "tree", "hub")))

    def neighbours(self, shape):
        n = self.n
        if shape == "tree":
            return [((i - 1) // 2, i) for i in range(1, n)]
        if shape == "hub":
            return [(i - 1, i) for i in range(1, n)] + [(n // 2, i) for i in range(0, n, 5) if abs(i - n // 2) > 1]
        size = self.rng.choice((3, 5, n)) if shape == "circle" else n
        return [(i - 1, i) for i in range(1, n)] + ([(size - 1, 0)] if shape == "circle" else [])

    def add(self, *op):
        if self.ran.valid(op):
            self.ran.make(op)
            self.ops.append(op)

    def write(self, place):
        g, at = self.at[place], 8 * place
        if not self.ran.oracle.would_race(g, at, at + 8, True):
            self.add("w", g, at, 8, 0)

    def probe(self):
        self.add("r", self.rng.choice(self.at), 8 * self.rng.randrange(self.n), 8, 0)

    def meet(self, pair):
        a, b = (self.at[i] for i in pair)
        if self.rng.random() < 0.5:
            a, b = b, a
        if self.rng.random() < self.notes:
            self.add("s", a, 8 * self.n)
        if self.rng.random() < self.one_way:
            self.add("h", a, b)
            return
        self.add("b", a, b)

    def wave(self):
        """Something goes down the row, or up, some of the way."""
        rng = self.rng
        first, length = rng.randrange(len(self.pairs)), rng.choice((1, 2, 3, 8, len(self.pairs)))
        pairs = self.pairs[first:first + length]
        for pair in pairs if rng.random() < 0.7 else reversed(pairs):
            if rng.random() < self.writes:
                self.write(rng.choice(pair))
            for _ in range(rng.choice((1, 1, 1, 2))):
                self.meet(pair)

    def stranger(self):
        rng = self.rng
        a, b = rng.sample(self.at, 2)
        how = rng.choice("bhealmqoO")
        if how in "bh":
            self.add(how, a, b)
        elif how == "e":
            slot = rng.randrange(SLOTS)
            self.add("e", a, slot)
            self.add("e", b, slot)
        elif how in "oO":
            lock = rng.randrange(LOCKS)
            self.add("o", a, lock)
            self.add("O", a, lock)
        else:
            self.add(how, a, rng.randrange(KEYS))

    def successor(self):
        place = self.rng.randrange(1, self.n)
        self.add("x", self.at[place])
        creator = self.rng.choice([g for g in self.at if g != self.at[place]])
        self.add("n", creator, self.born, 0, 0)
        self.at[place] = self.born
        self.born += 1

    def program(self):
        rng = self.rng
        for _ in range(rng.choice((30, 80, 150))):
            self.wave()
            if self.threads > 1 and rng.random() < 0.2:
                self.add("t", rng.randrange(self.threads))
            for often, what in ((self.strange, self.stranger), (self.change, self.successor), (self.probes, self.probe)):
                if rng.random() < often * 5:
                    what()
        for _ in range(3 * self.n):
            self.probe()
        size = 8 * self.n + 8
        return Program(size, rng.choice((0, 16, 32, 48)), int(rng.random() < 0.3), ((0, size),), tuple(self.ops))


def generate_rows(rng):
    return Rows(rng).program()
