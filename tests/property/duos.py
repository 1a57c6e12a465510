"""Random programs that make duos (detector/duo.h): round after round words are written, in long pieces, and then read, in short
ones and again and again, by several goroutines; what isn't meant to race is put in order first.  Now and then somebody
touches a word who has heard of all that it would race with but one: whoever forgot that one is found out."""

from script import Execution, Program

LIMIT = 900  # operations; the oracle forgets nothing, so it slows down
TOLD = 5  # key by which readers tell the next writers


class Duos:
    """Draws one program from `rng`, a random.Random."""

    def __init__(self, rng):
        self.rng = rng
        self.words = rng.choice((8, 16, 40, 64))
        self.crowd = rng.choice((3, 4, 6, 9, 14))
        self.threads = rng.choice((1, 1, 2, 4, 8))
        self.sloppy = rng.choice((0, 0, 0, 0.01, 0.05))  # how often somebody isn't put in order
        self.whole_words = rng.random() < 0.7
        self.tells = rng.choice((0, 0.05, 0.2))  # how often epochs end between reads
        self.reads = rng.choice(((2,), (2, 2, 1), (0, 1, 2, 3), (1,)))
        self.writes = rng.choice(((2,), (1,), (0, 1, 2, 3)))
        self.ran, self.ops, self.probed = Execution(), [], set()
        for g in range(1, self.crowd):
            self.add("n", 0, g, 0, 0)
        self.spans = [self.span(True) for _ in range(rng.choice((3, 8, 20)))]

    def add(self, *op):
        if self.ran.valid(op):
            self.ran.make(op)
            self.ops.append(op)

    def program(self):
        for _ in range(self.rng.choice((3, 8, 20))):
            self.round()
            if len(self.ops) > LIMIT:
                break
            if self.rng.random() < 0.5:
                self.probe(2)
        self.probe(self.words)
        size = 8 * self.words
        return Program(size, self.rng.choice((0, 16, 32, 48)), int(self.rng.random() < 0.5), ((0, size),), tuple(self.ops))

    def span(self, short):
        """Where, and how many bytes."""
        rng = self.rng
        if not self.whole_words:
            n = min(rng.choice((1, 4, 8, 12, 20, 27, 64, 100) if short else (8, 30, 512, 512)), 8 * self.words)
            return rng.randrange(8 * self.words - n + 1), n
        n = min(rng.choice((1, 1, 2, 3, 4, 8, 8, 64) if short else (1, 4, 64, 64, 64)), self.words)
        at = rng.randrange(self.words - n + 1)
        return 8 * (at // n * n if rng.random() < 0.5 else at), 8 * n

    def thread(self):
        if self.threads > 1 and self.rng.random() < 0.5:
            self.add("t", self.rng.randrange(self.threads))

    def careful(self):
        return self.rng.random() >= self.sloppy

    def access(self, g, at, n, write):
        if self.careful():
            for racer in self.ran.oracle.would_race(g, at, at + n, write):
                if racer.g in self.ran.alive:
                    self.add("h", racer.g, g)
        self.add("w" if write else "r", g, at, n, self.rng.choice(self.writes if write else self.reads))

    def round(self):
        rng, key = self.rng, self.rng.randrange(4)
        for writer in {rng.randrange(self.crowd) for _ in range(rng.choice((1, 1, 1, 2)))}:
            self.thread()
            for _ in range(rng.choice((1, 1, 2, 5))):
                self.access(writer, *(self.span(False) if rng.random() < 0.8 else rng.choice(self.spans)), True)
            self.add("m", writer, key)
        readers = [g for g in range(self.crowd) if rng.random() < 0.8]
        for g in readers:
            if self.careful():
                self.add("a", g, key)
        for _ in range(rng.choice((5, 20, 60)) if readers else 0):
            self.read(rng.choice(readers))
        if rng.random() < 0.7:
            self.tell(readers)

    def read(self, g):
        rng = self.rng
        self.thread()
        self.access(g, *(rng.choice(self.spans) if rng.random() < 0.8 else self.span(True)), False)
        if rng.random() < self.tells:
            self.add("l", g, 10 + g)
        if rng.random() < self.tells:
            self.add("a", rng.randrange(self.crowd), 10 + g)
        if rng.random() < 0.02:
            self.add("B", 8 * rng.randrange(max(1, self.words - 8)), 8 * rng.choice((1, 2, 8)))

    def tell(self, readers):
        for g in readers:
            if self.careful():
                self.add("m", g, TOLD)
        for g in range(self.crowd):
            if self.rng.random() < 0.5:
                self.add("a", g, TOLD)

    def probe(self, n):
        """Somebody touches a word (each word once), having heard of all it would race with but one."""
        rng = self.rng
        for word in rng.sample(range(self.words), n):
            at, size = 8 * word, 8
            if not self.whole_words:
                at, size = at + rng.choice((0, 4)), rng.choice((1, 4))
            g, write = rng.randrange(self.crowd), rng.random() < 0.8
            racers = self.ran.oracle.would_race(g, at, at + size, write)
            if word in self.probed or not racers:
                continue
            self.probed.add(word)
            kept = rng.choice(racers)
            for racer in racers:
                knows = self.ran.oracle.clocks[racer.g].get(kept.g, 0) >= kept.count
                if not knows and not self.ran.oracle.happened(racer, g):
                    self.add("h", racer.g, g)
            self.thread()
            self.add("w" if write else "r", g, at, size, rng.randrange(4))


def generate_duos(rng):
    return Duos(rng).program()
