"""Random whole programs, in the manner of generate.py: each with its own mood, steered by the oracle."""

from typing import NamedTuple

import world_sync
from generate import LOAD_ORDERS, RMW_ORDERS, STORE_ORDERS, layout
from oracle import ACQUIRE, RELAXED, RELEASE, SEQ_CST
from script import RMW
from world import HEAP, HEAP_STEP, OPS, World

LOCKS = ("mu0", "mu1", "rw0", "pmu0", "prmu0", "prw0")
GROUPS = ("wg0", "wg1")
CONDS = ("cond0", "cond1", "pcond0")
WEIGHTS = {"access": 40, "copy": 4, "heap": 4, "atomic": 10, "fence": 3, "create": 8, "end": 4, "join": 4, "lock": 12, "rounds": 8, "renew": 1,
           "shared": 5, "hand_over": 3, "group": 7, "once": 2, "cond": 3, "semaphore": 3, "barrier": 2, "channel": 16}


class Program(NamedTuple):
    """regions: variables as (lo, hi) in the array m; caps: of the channels; by_anybody: locks are given back by others, too."""

    regions: tuple
    caps: tuple
    ops: tuple
    by_anybody: bool = False

    def variable_of(self, offset):
        if offset >= HEAP:
            return f"block {(offset - HEAP) // HEAP_STEP}"
        return next((i for i, (lo, hi) in enumerate(self.regions) if lo <= offset < hi), None)


class Generator:
    def __init__(self, rng, by_anybody=False):
        self.rng = rng
        self.regions, self.atomics, _ = layout(rng)
        self.atomics = [(at, n) for at, n in self.atomics if n < 16]
        self.world = World([rng.randrange(4) for _ in range(3)], by_anybody)
        self.crowd = rng.choice((2, 3, 4, 6))
        self.thread_share = rng.choice((0, 0.3, 0.5, 1))
        self.calm = rng.choice((0, 0.5, 0.9, 1, 1))
        self.write_share = rng.choice((0.1, 0.4, 0.7))
        weights = {name: w * (rng.choice((0, 0.3, 1, 1, 3)) if name not in ("access", "create") else 1)
                   for name, w in WEIGHTS.items()}
        if not self.atomics:
            weights["atomic"] = 0
        weights = {name: w for name, w in weights.items() if w}
        self.names, self.weights = list(weights), list(weights.values())
        self.ops = []

    def add(self, *operation):
        """Makes it, if it is possible now."""
        kinds = [self.world.kinds.get(t) for t in OPS[operation[0]].tasks(*operation[1:])]
        posix = any(isinstance(a, str) and a[0] == "p" and a[1:2] in ("m", "r", "c", "b") for a in operation[1:])
        if posix and "go" in kinds:  # one that sleeps in a pthread call blocks its processor: for other tests
            return False
        if not self.world.ready(operation):
            return False
        self.world.make(operation)
        self.ops.append(operation)
        return True

    def task(self):
        return self.rng.choice(self.world.alive)

    def two(self):
        return tuple(self.rng.sample(self.world.alive, 2)) if len(self.world.alive) > 1 else (0, 0)

    def program(self):
        length = self.rng.choice((10, 20, 30, 50))
        self.create()
        for _ in range(length * 20):
            if len(self.ops) >= length:
                break
            getattr(self, self.rng.choices(self.names, self.weights)[0])()
        return Program(self.regions, tuple(self.world.caps), tuple(self.ops), self.world.by_anybody)

    # memory

    def places(self):
        """Variables that are there: (lo, hi)."""
        heap = [(HEAP + b * HEAP_STEP, HEAP + b * HEAP_STEP + n) for b, n in self.world.blocks.items()]
        return list(self.regions) + heap

    def span(self):
        lo, hi = self.rng.choice(self.places())
        n = self.rng.choice([n for n in (1, 2, 4, 8, 16, hi - lo) if n <= hi - lo])
        at = self.rng.randint(lo, hi - n)
        if self.rng.random() < 0.7 and at // n * n >= lo:
            at = at // n * n
        return at, n

    def spoiled(self, g, at, n, write, atomic=False):
        """Would race, in a program that shouldn't."""
        return bool(self.world.oracle.would_race(g, at, at + n, write, atomic)) and self.rng.random() < self.calm

    def access(self, by=None):
        for _ in range(4):
            g, (at, n) = by if by in self.world.alive else self.task(), self.span()
            write = self.rng.random() < self.write_share
            if not self.spoiled(g, at, n, write):
                break
        else:
            for access in self.world.oracle.would_race(g, at, at + n, write):
                if not self.put_in_order(access, g):
                    return
        self.add("Write" if write else "Read", g, at, n, self.rng.randrange(3))

    def put_in_order(self, access, g):
        """Something that makes a recorded access happen before what g does next."""
        oracle = self.world.oracle
        knows = [x for x in self.world.alive if oracle.happened(access, x) or x == access.g]
        tellers = [x for x in knows if x != g]
        if oracle.happened(access, g):
            return True
        if not tellers:
            return False
        h = self.rng.choice(tellers)
        for _ in range(6):
            self.rng.choice((self.tell_by_lock, self.tell_by_channel, self.tell_by_group, self.tell_by_atomic))(h, g)
            if oracle.happened(access, g):
                return True
        return False

    def tell_by_lock(self, h, g):
        lock = self.rng.choice(LOCKS)
        if self.add("Lock", h, lock, self.rng.randrange(3)) and self.rng.random() < 0.5 and self.add("HandOver", h, g, lock):
            self.add("Unlock", g, lock)
        elif self.world.holders.get(lock) == h:
            self.add("Unlock", h, lock)
            self.add("RLock" if "rw" in lock and self.rng.random() < 0.5 else "Lock", g, lock, self.rng.randrange(3))

    def tell_by_channel(self, h, g):
        c = self.rng.randrange(len(self.world.caps))
        if self.rng.random() < 0.5:
            self.add("Rendezvous", h, g, c, 0, None)
        else:
            self.add("Send", h, c, self.rng.randrange(3))
            self.add("Recv", g, c, self.rng.randrange(3), None)

    def tell_by_group(self, h, g):
        group = self.rng.choice(GROUPS)
        if not self.world.counts.get(group):
            self.add("Add", g, group, 1)
        if self.rng.random() < 0.5:
            self.add("DoneWait", h, g, group)
        else:
            self.add("Done", h, group)
            self.add("Wait", g, group)

    def tell_by_atomic(self, h, g):
        if self.atomics:
            at, n = self.rng.choice(self.atomics)
            self.add("Store", h, at, n, self.rng.choice((RELEASE, SEQ_CST)), self.rng.randrange(4))
            self.add("Load", g, at, n, self.rng.choice((ACQUIRE, SEQ_CST)))

    def copy(self):
        (lo, hi), (to, to_hi) = self.rng.choice(self.places()), self.rng.choice(self.places())
        n = self.rng.randint(1, min(hi - lo, to_hi - to))
        at, to, g = self.rng.randint(lo, hi - n), self.rng.randint(to, to_hi - n), self.task()
        apart = at + n <= to or to + n <= at
        if apart and not self.spoiled(g, at, n, False) and not self.spoiled(g, to, n, True):
            self.add("Copy", g, to, at, n, self.rng.randrange(3))

    def heap(self):
        g, block = self.task(), self.rng.randrange(4)
        if block not in self.world.blocks:
            self.add("Malloc", g, block, self.rng.choice((8, 24, 64)))
        elif self.rng.random() < 0.4:
            lo = HEAP + block * HEAP_STEP
            if not self.spoiled(g, lo, self.world.blocks[block], True):
                self.add("Free", g, block)

    def atomic(self):
        rng, (at, n), g = self.rng, self.rng.choice(self.atomics), self.task()
        kind = rng.choice(("Load", "Load", "Store", "Rmw", "Cas"))
        if self.spoiled(g, at, n, kind != "Load", True):
            return
        rest = {"Load": (rng.choice(LOAD_ORDERS),), "Store": (rng.choice(STORE_ORDERS), rng.randrange(4)),
                "Rmw": (rng.choice(RMW_ORDERS), rng.randrange(7), rng.randrange(4)),
                "Cas": (rng.choice(RMW_ORDERS), rng.choice(LOAD_ORDERS), self.world.values.get(at, 0),
                        rng.randrange(4))}
        self.add(kind, g, at, n, *rest[kind])

    def fence(self):
        self.add("Fence", self.task(), self.rng.choice((1, 2, 3, 4, 5)))

    # tasks

    def create(self):
        if len(self.world.alive) < self.crowd:
            kind = "thread" if self.rng.random() < self.thread_share else "go"
            self.add("Go", self.task(), len(self.world.kinds), kind)

    def end(self):
        self.add("End", self.task())

    def join(self):
        h = self.rng.choice(sorted(self.world.kinds))
        if self.world.kinds[h] == "thread" and h in self.world.alive and self.rng.random() < 0.3:
            self.add("End", h)
        self.add("Join", self.task(), h)

    # sync

    def lock(self):
        lock, g = self.rng.choice(LOCKS), self.task()
        holder = self.world.holders.get(lock)
        if holder is None or (holder == g and self.rng.random() < 0.3):
            self.add("Lock", g, lock, self.rng.choice((0, 0, 0, 1, 2)))
        elif self.rng.random() < 0.2:
            self.add("TryFails", g, lock)
        else:
            self.add("Unlock", g if self.rng.random() < 0.2 else holder, lock)

    def shared(self):
        lock, g = self.rng.choice(("rw0", "prw0")), self.task()
        if not (self.rng.random() < 0.6 and self.add("RLock", g, lock, self.rng.choice((0, 0, 0, 1, 2)))):
            self.add("RUnlock", g, lock)

    def rounds(self):
        """A lock comes back to one task, which does little else, before it goes to another."""
        rng, g, lock, first = self.rng, self.task(), self.rng.choice(LOCKS), len(self.ops)
        take, give = ("RLock", "RUnlock") if "rw" in lock and rng.random() < 0.5 else ("Lock", "Unlock")
        for _ in range(rng.choice((2, 2, 3))):
            if not self.add(take, g, lock, rng.randrange(3)):
                return
            for _ in range(rng.choice((0, 1, 1, 2))):
                self.access(g)
            if rng.random() < 0.3:
                getattr(self, rng.choice(("lock", "cond", "channel", "create", "hand_over")))()
            by = self.task() if self.world.by_anybody and rng.random() < 0.6 else g
            self.add(give, by, lock)
            if rng.random() < 0.15:
                getattr(self, rng.choice(("access", "channel", "lock")))()
        if rng.random() < 0.3:
            self.add("Renew", g, lock)
        h = self.task()
        if self.add("Lock", h, lock, rng.randrange(3)):
            touched = [op[2:4] for op in self.ops[first:] if op[0] in ("Read", "Write")]
            for at, n in rng.sample(touched, min(2, len(touched))):
                if not self.spoiled(h, at, n, True):
                    self.add("Write", h, at, n, rng.randrange(3))
            self.add("Unlock", h, lock)

    def renew(self):
        self.add("Renew", self.task(), self.rng.choice(("pmu0", "prmu0", "prw0")))

    def hand_over(self):
        self.add("HandOver", *self.two(), self.rng.choice(LOCKS))

    def group(self):
        group, g = self.rng.choice(GROUPS), self.task()
        choice = self.rng.randrange(4)
        if choice == 0:
            self.add("Add", g, group, self.rng.randint(1, 3))
        elif choice == 1:
            self.add("Done", g, group)
        elif choice == 2:
            self.add("Wait", g, group)
        else:
            self.add("DoneWait", *self.two(), group)

    def once(self):
        g, (at, n) = self.task(), self.span()
        if "once0" in self.world.once_done or not self.spoiled(g, at, n, True):
            self.add("Once", g, "once0", at, n)

    def cond(self):
        cond, (g, h), (at, n) = self.rng.choice(CONDS), self.two(), self.span()
        if not self.spoiled(h, at, n, True):
            self.add("Lock", g, world_sync.Cond.lock_of(cond), 0)
            self.add("Cond", g, h, cond, self.rng.randrange(4), at, n)
            if self.rng.random() < 0.7:
                self.add("Unlock", g, world_sync.Cond.lock_of(cond))

    def semaphore(self):
        if self.rng.random() < 0.5:
            self.add("Post", self.task(), "sem0")
        else:
            self.add("SemWait", self.task(), "sem0", self.rng.randrange(2))

    def barrier(self):
        self.add("Barrier", *self.two(), "pbarrier0")

    def into(self, g):
        """Eight aligned bytes to receive into, or None."""
        fits = [lo for lo, hi in self.places() if lo % 8 == 0 and hi - lo >= 8]
        if not fits or self.rng.random() < 0.6:
            return None
        at = self.rng.choice(fits)
        return None if self.spoiled(g, at, 8, True) else at

    def channel(self):
        rng, c, g = self.rng, self.rng.randrange(len(self.world.caps)), self.task()
        choice = rng.random()
        if c in self.world.closed and choice < 0.8:
            self.add("RecvClosed", g, c, rng.randrange(4))
        elif choice < 0.3:
            self.add("Send", g, c, rng.randrange(3))
        elif choice < 0.6:
            self.add("Recv", g, c, rng.randrange(3), self.into(g))
        elif choice < 0.8:
            g, h = self.two()
            self.add("Rendezvous", g, h, c, rng.choice((0, 2)), self.into(h))
        elif choice < 0.9:
            self.add("ChanFails", g, c, rng.randrange(4))
        elif choice < 0.95:
            self.add("Close", g, c)
        else:
            self.add("CloseWakes", *self.two(), c, rng.choice((0, 2, 3)))


def generate(rng, by_anybody=False):
    return Generator(rng, by_anybody).program()


def replay(program):
    """The world after the program, and the program without operations that aren't possible (any more)."""
    world, made = World(list(program.caps), program.by_anybody), []
    for operation in program.ops:
        if world.ready(operation):
            world.make(operation)
            made.append(operation)
    return world, program._replace(ops=tuple(made))
