"""The plain vector-clock oracle: what happens before what, and which accesses race.

Slow and obvious on purpose.  Every access that was ever made stays in its list, with the number that its goroutine's
own count had then; an access happens before another exactly when the later one's goroutine knows that count.  There are no
epochs, no shortcuts for readers, and nothing is ever merged or dropped but by `reborn`.

A clock is a dict from goroutine to count.  Times come in the order of the calls: what the calls describe is one
observed execution, and loads read the value that was stored last.
"""

from typing import NamedTuple

RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST = range(6)
ACQUIRES = {CONSUME, ACQUIRE, ACQ_REL, SEQ_CST}
RELEASES = {RELEASE, ACQ_REL, SEQ_CST}


class Access(NamedTuple):
    """One access as recorded: bytes [lo, hi) by goroutine g at its count, made by operation op."""

    lo: int
    hi: int
    g: int
    count: int
    op: int
    write: bool
    atomic: bool


class Race(NamedTuple):
    """Operation `later` races with operation `earlier` on the bytes [lo, hi)."""

    later: int
    earlier: int
    lo: int
    hi: int


def join(into, other):
    for g, count in other.items():
        if into.get(g, 0) < count:
            into[g] = count


class Oracle:
    """`same_thread` says whether a plain relaxed store by the thread that heads a release sequence continues it (C11 to
    C23 say so, C++20 does not)."""

    def __init__(self, same_thread=True):
        self.same_thread = same_thread
        self.clocks = {}  # goroutine -> its clock
        self.keys = {}  # sync object -> clock
        self.accesses = {}  # granule (8 bytes) -> accesses that touch it
        self.ignoring = {}  # goroutine -> nesting
        self.fences = {}  # goroutine -> clock at its last release fence
        self.pending = {}  # goroutine -> what its relaxed loads read, for an acquire fence
        self.heads = {}  # atomic location -> {goroutine that heads a release sequence there: clock}
        self.races = []

    # goroutines

    def create(self, creator, g):
        """`g` begins; what `creator` (or None) did happens before it."""
        self.clocks[g] = {} if creator is None else dict(self.clocks[creator])
        self.clocks[g][g] = 0

    def tick(self, g):
        self.clocks[g][g] += 1

    # sync by key

    def acquire(self, g, key):
        join(self.clocks[g], self.keys.get(key, {}))

    def release(self, g, key):
        self.keys[key] = dict(self.clocks[g])
        self.tick(g)

    def merge(self, g, key):
        join(self.keys.setdefault(key, {}), self.clocks[g])
        self.tick(g)

    def release_acquire(self, g, key):
        self.merge(g, key)
        self.acquire(g, key)

    def forget(self, key):
        self.keys.pop(key, None)

    def handoff(self, g, to):
        join(self.clocks[to], self.clocks[g])
        self.tick(g)

    def rendezvous(self, g, other):
        of_g = dict(self.clocks[g])
        join(self.clocks[g], self.clocks[other])
        join(self.clocks[other], of_g)
        self.tick(g)
        self.tick(other)

    # memory

    def happened(self, access, g):
        """Whether a recorded access happens before what g does now."""
        return self.clocks[g].get(access.g, 0) >= access.count

    def would_race(self, g, lo, hi, write, atomic=False):
        """The recorded accesses that an access to [lo, hi) by g would race with now."""
        if self.ignoring.get(g):
            return []
        found = []
        for granule in range(lo >> 3, (hi + 7) >> 3):
            for a in self.accesses.get(granule, ()):
                if (a.g != g and a.lo < hi and lo < a.hi and (write or a.write) and not (atomic and a.atomic)
                        and not self.happened(a, g)):
                    found.append(a)
        return found

    def access(self, g, op, lo, hi, write, atomic=False):
        if self.ignoring.get(g) or lo >= hi:
            return []
        self.tick(g)
        found = [Race(op, a.op, max(a.lo, lo), min(a.hi, hi)) for a in self.would_race(g, lo, hi, write, atomic)]
        self.races += found
        for granule in range(lo >> 3, (hi + 7) >> 3):
            part = Access(max(lo, granule * 8), min(hi, granule * 8 + 8), g, self.clocks[g][g], op, write, atomic)
            self.accesses.setdefault(granule, []).append(part)
        return found

    def reborn(self, lo, hi):
        """[lo, hi) changes hands: nothing done to it before counts any more."""
        for granule in range(lo >> 3, (hi + 7) >> 3):
            kept = []
            for a in self.accesses.get(granule, ()):
                if a.lo < lo:
                    kept.append(a._replace(hi=min(a.hi, lo)))
                if a.hi > hi:
                    kept.append(a._replace(lo=max(a.lo, hi)))
            self.accesses[granule] = kept
        for location in [x for x in self.heads if lo <= x < hi]:
            del self.heads[location]

    def ignore(self, g, by):
        self.ignoring[g] = self.ignoring.get(g, 0) + by

    # C11 atomics

    def fence(self, g, order):
        if order in ACQUIRES:
            join(self.clocks[g], self.pending.get(g, {}))
        if order in RELEASES:
            self.fences[g] = dict(self.clocks[g])
            self.tick(g)

    def _read_from(self, g, location, order):
        """g reads the newest value of the location: all release sequences that it is part of."""
        for clock in self.heads.get(location, {}).values():
            join(self.clocks[g] if order in ACQUIRES else self.pending.setdefault(g, {}), clock)

    def _publish(self, g, location, order, heads):
        """g's store carries on the release sequences `heads` and begins its own."""
        own = dict(self.clocks[g]) if order in RELEASES else dict(self.fences.get(g, {}))
        if own:
            join(own, heads.get(g, {}))
            heads[g] = own
        self.heads[location] = heads
        if order in RELEASES:
            self.tick(g)

    def load(self, g, op, lo, size, order):
        self._read_from(g, lo, order)
        return self.access(g, op, lo, lo + size, False, True)

    def store(self, g, op, lo, size, order):
        found = self.access(g, op, lo, lo + size, True, True)
        heads = self.heads.get(lo, {})
        self._publish(g, lo, order, {g: heads[g]} if self.same_thread and g in heads else {})
        return found

    def rmw(self, g, op, lo, size, order):
        self._read_from(g, lo, order)
        found = self.access(g, op, lo, lo + size, True, True)
        self._publish(g, lo, order, self.heads.get(lo, {}))
        return found
