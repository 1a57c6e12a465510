"""Random programs for the scripted detector.

The generator runs the oracle beside itself and steers by it: left to chance, nearly every second access races and
nothing is learnt about long ordered histories.  Each program has its own mood: how many accesses may race, how much
order comes from atomics or hand-offs or locks, how many goroutines live, how memory is laid out.
"""

from oracle import ACQ_REL, ACQUIRE, CONSUME, RELAXED, RELEASE, SEQ_CST
from script import RMW, Execution, Program

LOAD_ORDERS = (RELAXED, CONSUME, ACQUIRE, SEQ_CST)
STORE_ORDERS = (RELAXED, RELEASE, SEQ_CST)
RMW_ORDERS = (RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST)
LOCKS, STREAMS, SLOTS = 3, 3, 3
WEIGHTS = {"access": 50, "note": 3, "write_all": 2, "key": 14, "lock": 20, "rounds": 4, "stream": 6, "handoff": 5, "relay": 5, "create": 6, "end": 3,
           "atomic": 12, "fence": 4, "memory": 3, "ignore": 1, "locks": 2, "churn": 1, "swarm": 1, "everybody": 0.3, "audience": 0.3, "thread": 0}


def layout(rng):
    """Regions side by side, often several to a granule, and which of them atomics use (with their size).  Sometimes
    there is one of many lines, for ranges."""
    regions, atomics, at = [], [], rng.choice((0, 0, 0, 1, 4, 8))
    if rng.random() < 0.1:
        at += rng.choice((200, 600, 1300))
        regions.append((0, at))
    for _ in range(rng.choice((1, 2, 3, 5, 8))):
        if rng.random() < 0.3:
            size = rng.choice((1, 2, 4, 8, 16))
            at = -(-at // size) * size
            atomics.append((at, size))
            if rng.random() < 0.3:
                regions.append((at, at + size))
                at += size
                atomics.append((at, size))
        else:
            size = rng.choice((1, 2, 3, 4, 8, 8, 8, 12, 16, 24, 40, 100))
        regions.append((at, at + size))
        at += size + rng.choice((0, 0, 0, 1, 4, 8, 40))
    return tuple(regions), tuple(atomics), -(-at // 16) * 16


class Generator:
    """Draws one program from `rng`, a random.Random."""

    def __init__(self, rng, threads=0):
        self.rng = rng
        self.threads = threads
        self.regions, self.atomics, self.size = layout(rng)
        self.keys = rng.choice((1, 2, 3, 6))
        self.crowd = rng.choice((3, 4, 6, 8, 16, 70))  # goroutines alive at most
        self.calm = rng.choice((0, 0.5, 0.8, 0.95, 1, 1))  # share of accesses that may not race
        self.write_share = rng.choice((0.05, 0.3, 0.5, 0.8))
        self.ignores = rng.random() < 0.1
        weights = dict(WEIGHTS, thread=4 if threads else 0)
        for name in weights:
            weights[name] *= rng.choice((0, 0.3, 1, 1, 3)) if name != "access" else 1
        if not self.atomics:
            weights["atomic"] = weights["everybody"] = 0
        if not self.ignores:
            weights["ignore"] = 0
        weights = {name: w for name, w in weights.items() if w}
        self.names, self.weights = list(weights), list(weights.values())
        self.ran = Execution()
        self.ops = [("Z",)] if rng.random() < 0.15 else []
        for op in self.ops:
            self.ran.make(op)
        self.last_holder = {}  # lock -> who had it last: gets it back more often than not
        self.location_orders = rng.choice(("all", "relaxed", "all"))

    def add(self, *op):
        if self.ran.valid(op):
            self.ran.make(op)
            self.ops.append(op)

    def goroutine(self):
        return self.rng.choice(self.ran.alive)

    def program(self):
        length = self.rng.choice((12, 25, 50, 100, 200))
        while len(self.ops) < length:
            getattr(self, self.rng.choices(self.names, self.weights)[0])()
        noted = (self.size, self.size + 8)
        return Program(self.size + 16, self.rng.choice((0, 16, 32, 48)), int(self.rng.random() < 0.3),
                       (*self.regions, noted), tuple(self.ops))

    # accesses

    def span(self, region=None):
        """Bytes inside one region: mostly a scalar, aligned or not."""
        lo, hi = region or self.rng.choice(self.regions)
        if hi - lo > 128 and self.rng.random() < 0.7:
            at = self.rng.choice((lo, self.rng.randrange(lo, hi - 100)))
            return at, self.rng.choice((hi - at, self.rng.randint(100, hi - at)))
        sizes = [n for n in (1, 2, 4, 8, 16) if n <= hi - lo]
        n = self.rng.choice(sizes) if self.rng.random() < 0.85 else self.rng.randint(1, hi - lo)
        at = self.rng.randint(lo, hi - n)
        if self.rng.random() < 0.7 and at // n * n >= lo:
            at = at // n * n
        return at, n

    def access(self, by=None):
        """A read or write; in a calm program one that would race is tried elsewhere, or put in order first."""
        rng = self.rng
        for attempt in range(4):
            g, (at, n) = by if by in self.ran.alive else self.goroutine(), self.span()
            self.publish_lent(g)
            write = rng.random() < self.write_share
            racers = self.ran.oracle.would_race(g, at, at + n, write)
            if not racers or rng.random() >= self.calm:
                break
        else:
            for racer in racers:
                self.put_in_order(racer, g)
            if self.ran.oracle.would_race(g, at, at + n, write):
                return
        self.add("w" if write else "r", g, at, n, rng.choice((0, 1, 1, 2, 3)))
        if rng.random() < 0.2:
            self.add("w" if rng.random() < 0.5 else "r", g, at, n, rng.choice((0, 1, 1, 2, 3)))

    def note(self):
        """What a send is to a close: many read, some day one writes.  The granule has none but these accesses."""
        g, write, at = self.goroutine(), self.rng.random() < 0.1, self.size
        self.publish_lent(g)
        racers = self.ran.oracle.would_race(g, at, at + 8, write)
        if racers and self.rng.random() < self.calm:
            for racer in racers:
                self.put_in_order(racer, g)
            if self.ran.oracle.would_race(g, at, at + 8, write):
                return
        self.add("v" if write else "s", g, at)

    def put_in_order(self, access, g):
        """Makes a recorded access happen before what g does next, by some way or other; its goroutine, or one that
        knows of it, tells g."""
        if self.ran.oracle.happened(access, g):
            return
        knows = [x for x in self.ran.alive if self.ran.oracle.happened(access, x) or x == access.g]
        if not knows:
            return
        teller, way = self.rng.choice(knows), self.rng.random()
        k = self.rng.randrange(self.keys)
        if way < 0.08:
            stream = self.rng.randrange(STREAMS)
            self.add("u", teller, stream, self.rng.randrange(2))
            self.add("U", g, stream)
        elif way < 0.3 or not self.atomics and way < 0.5:
            self.add(self.rng.choice("hhb"), teller, g)
        elif way < 0.45:
            self.tell_by_lock(teller, g)
        elif way < 0.6 or not self.atomics:
            self.add(self.rng.choice("lmq"), teller, k)
            self.add(self.rng.choice("aq"), g, k)
        elif way < 0.7:
            self.tell_past_others(teller, g)
        elif way < 0.85:
            at, n = self.rng.choice(self.atomics)
            self.add("S", teller, at, n, self.rng.choice((RELEASE, SEQ_CST)), self.value())
            self.add("L", g, at, n, self.rng.choice((CONSUME, ACQUIRE, SEQ_CST)))
        else:
            at, n = self.rng.choice(self.atomics)
            self.add("T", teller, self.rng.choice((RELEASE, ACQ_REL, SEQ_CST)))
            self.add("S", teller, at, n, RELAXED, self.value())
            self.add("L", g, at, n, RELAXED)
            self.add("T", g, self.rng.choice((ACQUIRE, ACQ_REL, SEQ_CST)))

    def tell_past_others(self, teller, g):
        """A release sequence goes on at its own thread's relaxed store, others' end there."""
        (at, n), releases = self.rng.choice(self.atomics), (RELEASE, ACQ_REL, SEQ_CST)
        for who in (teller, *(self.goroutine() for _ in range(self.rng.choice((0, 1, 3, 12))))):
            self.add("R", who, at, n, self.rng.choice(releases), self.rng.randrange(len(RMW)), self.value())
        self.add("S", teller, at, n, RELAXED, self.value())
        self.add("L", g, at, n, self.rng.choice((CONSUME, ACQUIRE, SEQ_CST)))

    def tell_by_lock(self, teller, g):
        k, letters = self.rng.randrange(LOCKS), self.rng.choice(("oOoO", "oOyY", "yYoO"))
        if self.ran.lock_valid("o", teller, k):
            for who, letter in zip((teller, teller, g, g), letters):
                self.add(letter, who, k)

    def write_all(self):
        """A memset over a whole region."""
        lo, hi = self.rng.choice(self.regions)
        g = self.goroutine()
        if self.ran.oracle.would_race(g, lo, hi, True) and self.rng.random() < self.calm:
            return
        self.add("w", g, lo, hi - lo, self.rng.choice((0, 2)))

    # sync

    def key(self):
        letter, k = self.rng.choice("aaallmqf" if self.rng.random() < 0.2 else "aaallmq"), self.rng.randrange(self.keys)
        self.add(letter, *(() if letter == "f" else (self.goroutine(),)), k)

    def lock(self):
        """A lock changes its state: mostly whoever had it last gets it, and who holds it gives it back."""
        rng, k = self.rng, self.rng.randrange(LOCKS)
        if k in self.ran.holder:
            self.add("O", self.ran.holder[k] if rng.random() < 0.8 else self.goroutine(), k)
            return
        readers = self.ran.readers.get(k)
        if readers and rng.random() < 0.6:
            self.add("Y", rng.choice(readers) if rng.random() < 0.8 else self.goroutine(), k)
            return
        g = self.last_holder.get(k)
        if g not in self.ran.alive or rng.random() < 0.3:
            g = self.goroutine()
        self.last_holder[k] = g
        self.add("y" if rng.random() < 0.4 else "o", g, k)

    def rounds(self):
        """A lock comes back to one goroutine, who does little else, before it goes to another."""
        rng, k, g = self.rng, self.rng.randrange(LOCKS), self.goroutine()
        take, give = rng.choice(("oO", "yY"))
        for _ in range(rng.choice((2, 2, 3, 5))):
            self.add(take, g, k)
            for _ in range(rng.choice((0, 1, 1, 2))):
                self.access(g)
            if rng.random() < 0.15:
                getattr(self, rng.choice(("key", "handoff", "note", "lock", "create", "fence", "stream")))()
            self.add(give, g, k)
            if rng.random() < 0.15:
                getattr(self, rng.choice(("access", "key", "handoff", "note", "lock")))()
        if rng.random() < 0.8:
            h = self.goroutine()
            self.add("o", h, k)
            self.access(h)
            self.add("O", h, k)

    def stream(self):
        op, g, stream = self.rng.choice("uuU"), self.goroutine(), self.rng.randrange(STREAMS)
        self.add(op, g, stream, *([self.rng.randrange(2)] if op == "u" else []))

    def publish_lent(self, g):
        """So that g may access something again."""
        if g not in self.ran.lent:
            return
        k = self.rng.randrange(LOCKS)
        if self.rng.random() < 0.4 and self.ran.lock_valid("o", g, k):
            self.add("o", g, k)
            self.add("O", g, k)
        else:
            self.add(self.rng.choice("llmq"), g, self.rng.randrange(self.keys))

    def handoff(self):
        self.add(self.rng.choice("hb"), self.goroutine(), self.goroutine())

    def relay(self):
        """What somebody did goes through several, who mostly do nothing of their own meanwhile."""
        rng, few = self.rng, [self.goroutine() for _ in range(3)]
        for _ in range(rng.choice((1, 2, 5, 9))):
            g = rng.choice(few)
            if rng.random() < 0.5:
                self.add("e", g, rng.randrange(SLOTS))
            else:
                self.add("b", g, rng.choice(few))
            if rng.random() < 0.15:
                self.add("s", rng.choice(few), self.size)
            if rng.random() < 0.15:
                self.access()

    def create(self):
        if len(self.ran.alive) < self.crowd:
            lo, hi = self.rng.choice(self.regions)
            stack = (lo, hi - lo) if self.rng.random() < 0.1 else (0, 0)
            self.add("n", self.goroutine(), len(self.ran.known), *stack)

    def end(self):
        self.add("x", self.goroutine())

    def value(self):
        return self.rng.randrange(4)

    def order(self, orders):
        return RELAXED if self.location_orders == "relaxed" and self.rng.random() < 0.8 else self.rng.choice(orders)

    def everybody(self):
        """All that live work on one atomic side by side, and somebody in between: more victims than fit a short list.
        Then one who learns of all, or of all but one, accesses it plainly."""
        rng, place, letters = self.rng, self.rng.choice(self.atomics), self.rng.choice(("LLSRC", "SRRR", "L"))
        near = [x for x in self.atomics if x[0] >> 3 == place[0] >> 3]  # in the same granule
        while len(self.ran.alive) < self.crowd and rng.random() < 0.99:
            self.create()
        for g in rng.sample(self.ran.alive, len(self.ran.alive)):
            for one in rng.sample(near, rng.randint(1, len(near))):
                self.atomic(g, one, letters)
            if rng.random() < 0.05:
                self.access()
        last, missing = self.goroutine(), None if rng.random() < self.calm else self.goroutine()
        for g in self.ran.alive if rng.random() < 0.7 else ():
            if g not in (last, missing):
                self.add("h", g, last)
        for _ in range(rng.choice((1, 2, 3))):
            write, racy = rng.random() < self.write_share, rng.random() >= self.calm
            if racy or not self.ran.oracle.would_race(last, place[0], sum(place), write):
                self.add("w" if write else "r", last, *place, rng.choice((0, 1, 3)))
            other = self.goroutine()
            if other != last and rng.random() < 0.7:
                self.add("h", last, other)
            if rng.random() < 0.7:
                self.atomic(other, place)

    def audience(self):
        """All that live read a region side by side, as a whole or here and there, in one epoch or several, some of them
        twice.  Then those who have heard of all of them, or of all but one, write or read there."""
        rng, region = self.rng, self.rng.choice(self.regions)
        k, wholes, releases = rng.randrange(self.keys), rng.choice((0, 0.5, 0.5, 1)), rng.choice((0, 0, 0.2))
        while len(self.ran.alive) < self.crowd and rng.random() < 0.99:
            self.create()
        for g in rng.sample(self.ran.alive, len(self.ran.alive)) * rng.choice((1, 1, 2)):
            if self.threads and rng.random() < 0.5:
                self.thread()
            whole = rng.random() < wholes
            for _ in range(1 if whole else rng.choice((1, 2, 4))):
                at, n = (region[0], region[1] - region[0]) if whole else self.span(region)
                if not self.ran.oracle.would_race(g, at, at + n, False) or rng.random() >= self.calm:
                    self.add("r", g, at, n, rng.choice((0, 1, 2, 3)))
            if rng.random() < releases:
                self.add(rng.choice("lmq"), g, k)
        for last in rng.sample(self.ran.alive, min(len(self.ran.alive), rng.choice((1, 1, 3)))):
            missing = None if rng.random() < self.calm else self.goroutine()
            for g in rng.sample(self.ran.alive, len(self.ran.alive)):
                if g not in (last, missing):
                    self.add("h", g, last)
            for _ in range(rng.choice((1, 2))):
                (at, n), write = self.span(region), rng.random() < 0.7
                if missing is not None or not self.ran.oracle.would_race(last, at, at + n, write):
                    self.add("w" if write else "r", last, at, n, rng.choice((0, 1, 2, 3)))

    def atomic(self, g=None, place=None, letters="LLSRC"):
        at, n = place or self.rng.choice(self.atomics)
        g, rng = self.goroutine() if g is None else g, self.rng
        letter = rng.choice(letters)
        if self.ran.oracle.would_race(g, at, at + n, letter != "L", True) and rng.random() < self.calm:
            return
        if letter == "L":
            self.add("L", g, at, n, self.order(LOAD_ORDERS))
        elif letter == "S":
            self.add("S", g, at, n, self.order(STORE_ORDERS), self.value())
        elif letter == "R":
            self.add("R", g, at, n, self.order(RMW_ORDERS), rng.randrange(len(RMW)), self.value())
        else:
            expected = self.ran.values.get(at, 0) if rng.random() < 0.5 else self.value()
            self.add("C", g, at, n, self.order(RMW_ORDERS), self.order(LOAD_ORDERS), expected, self.value())

    def fence(self):
        self.add("T", self.goroutine(), self.rng.choice((CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST)))

    # the rest

    def memory(self):
        """Memory that changes hands; free only in order, unless races are wanted."""
        lo, hi = self.rng.choice(self.regions)
        g, kind = self.goroutine(), self.rng.random()
        if kind < 0.4:
            part = (lo, hi - lo) if self.rng.random() < 0.7 else self.span()
            self.add("B", *part)
        elif kind < 0.7:
            if not (self.ran.oracle.would_race(g, lo, hi, True) and self.rng.random() < self.calm):
                self.add("F", g, lo, hi - lo)
        else:
            self.add("M", g, lo, hi - lo)

    def ignore(self):
        self.add("i", self.goroutine(), self.rng.choice((1, -1)))

    def locks(self):
        letter, k = self.rng.choice("kd"), self.rng.randrange(self.keys)
        self.add(letter, self.goroutine(), k, *((self.rng.randrange(2),) if letter == "k" else ()))

    def churn(self):
        self.add("c", self.goroutine(), self.rng.randrange(self.keys), self.rng.choice((1, 5, 30, 300)))

    def swarm(self):
        self.add("W", self.goroutine(), self.rng.choice((1, 3, 20, 100)), self.rng.randrange(-1, self.keys))

    def thread(self):
        self.add("t", self.rng.randrange(self.threads))


def generate(rng, threads=0):
    return Generator(rng, threads).program()
