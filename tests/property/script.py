"""Programs for the scripted detector: what an operation means to the oracle, and how it is written for the driver.

An operation is a tuple whose first element is its letter; tests/detector/driver.c reads the same letters:

    n g h lo n       g creates h, whose stack is [lo, lo+n) (n 0: a place of its own)
    x g              g ends
    r g lo n how     g reads n bytes at lo; how: 0 race_access, 1 inline check and thunk, 2 range thunk,
                    3 check out of line
    w g lo n how     g writes
    s g lo           g reads the granule at lo, as a note (race.h); nothing else but v touches that
    v g lo           g writes it
    F g lo n         g frees [lo, lo+n)          M g lo n     g gets [lo, lo+n) from the allocator
    B lo n           [lo, lo+n) is reborn, and as in M and n the rest of its first and last granule with it: what is
                     given away is never smaller, and what is left of a granule beside it belongs to the allocator
    a g k  l g k  m g k  q g k                   acquire, release, release_merge, release_acquire of key k
    o g k  O g k  y g k  Y g k                   lock k is taken, given back, read-locked, read-unlocked
    Z                from here on locks are given back by anybody (it has happened to one, of no concern)
    u g k w  U g k   something is written to stream k, whose other end is elsewhere (w: it is a pipe); read from it
    f k              the clock of key k is forgotten
    h g to           hand-off
    b g h            rendezvous: both ways
    e g k            exchange with the clock of slot k of a channel's buffer
    L g lo n mo      atomic load                 S g lo n mo v   store
    R g lo n mo f v  atomic read-modify-write, f an index into RMW
    C g lo n mo mf e v   compare-exchange of e for v
    T g mo           fence
    i g by           ignore begins (1) or ends (-1)
    k g k w  d g k   lock held (w: for writing), dropped
    c g k n          n rounds of: acquire k, write something private, release k
    W g n k          n short-lived goroutines, one after the other, created by g; each merges into key k (k -1: doesn't)
    t w              from here on operations are made on worker thread w

After `u` a goroutine makes no access until it has published something: the first to read from that stream may be ordered
after more than what came before the write (detector/lend.c), which the oracle doesn't know of.

Goroutine 0 is there from the start.  Offsets count from the program's memory; keys have addresses of their own.
"""

from typing import NamedTuple

from oracle import RELEASES, Oracle

ACCESSES = "rwsvFMLSRCc"
PUBLISHES = "nlmqOYhbe"
RMW = ("exchange", "fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "fetch_nand", "fetch_max",
       "fetch_min", "fetch_umax", "fetch_umin")


class Program(NamedTuple):
    """size: bytes of memory; phase: where in a line of 64 bytes it begins (for 16-byte atomics a multiple of 16); reuse:
    take the last program's memory again; regions: the variables, as (lo, hi), no access goes over a region's end."""

    size: int
    phase: int
    reuse: int
    regions: tuple
    ops: tuple

    def text(self, ops=None):
        """For the driver."""
        lines = [f"P {self.size} {self.phase} {self.reuse}"]
        lines += [" ".join(map(str, op)) for op in (self.ops if ops is None else ops)]
        return "\n".join(lines) + "\nE\n"

    def region_of(self, offset):
        return next((i for i, (lo, hi) in enumerate(self.regions) if lo <= offset < hi), None)


def rmw_value(kind, old, value, size):
    """What RMW operation number `kind` leaves in memory."""
    full = (1 << 8 * size) - 1

    def signed(x):
        return x - full - 1 if x >> (8 * size - 1) else x

    name = RMW[kind]
    if name == "fetch_max":
        return max(old, value, key=signed)
    if name == "fetch_min":
        return min(old, value, key=signed)
    return {"exchange": value, "fetch_add": old + value, "fetch_sub": old - value, "fetch_and": old & value,
            "fetch_or": old | value, "fetch_xor": old ^ value, "fetch_nand": ~(old & value),
            "fetch_umax": max(old, value), "fetch_umin": min(old, value)}[name] & full


def reborn(oracle, lo, n):
    """As the detector does it: whole granules."""
    if n:
        oracle.reborn(lo & ~7, (lo + n + 7) & ~7)


class Execution:
    """One program as the oracle sees it, operation after operation."""

    def __init__(self):
        self.oracle = Oracle()
        self.oracle.create(None, 0)
        self.alive = [0]
        self.born = 1  # goroutines so far; the next one's number if all were made here
        self.known = {0}
        self.values = {}  # atomic location -> value
        self.results = []  # what the atomic operations returned
        self.held = {}  # (goroutine, key) -> times
        self.holder = {}  # lock -> the goroutine that holds it
        self.readers = {}  # lock -> those that hold it for reading
        self.by_anybody = False  # locks are given back by others than who has them
        self.lent = set()  # goroutines that have written to a stream and published nothing since
        self.done = 0  # operations so far

    def valid(self, op):
        """Whether the operation can be made now; delta debugging takes others away that it needs."""
        letter = op[0]
        if letter in "BftZ":
            return True
        if op[1] not in self.alive:
            return False
        if letter in ACCESSES and op[1] in self.lent:
            return False
        if letter == "n":
            return op[2] not in self.known
        if letter in "oOyY":
            return self.lock_valid(*op)
        if letter in "hb":
            return op[2] in self.alive and op[2] != op[1]
        if letter == "x":
            return op[1] != 0 and not any(n for (g, _), n in self.held.items() if g == op[1])
        if letter == "i":
            return self.oracle.ignoring.get(op[1], 0) + op[2] >= 0
        if letter == "d":
            return self.held.get((op[1], op[2]), 0) > 0
        if letter == "k":
            return not self.held.get((op[1], op[2]), 0)
        return True

    def lock_valid(self, letter, g, k):
        if letter in "oy":
            return k not in self.holder and (letter == "y" or not self.readers.get(k))
        if self.by_anybody:
            return k in self.holder if letter == "O" else bool(self.readers.get(k))
        return self.holder.get(k) == g if letter == "O" else g in self.readers.get(k, ())

    def make(self, op):
        """Makes one valid operation; gives back the races that it completes."""
        before = len(self.oracle.races)
        getattr(self, "_" + op[0])(self.done, *op[1:])
        if op[0] in PUBLISHES or (op[0] == "T" and op[2] in RELEASES):
            self.lent -= set(op[1:3] if op[0] == "b" else op[1:2])
        self.done += 1
        return self.oracle.races[before:]

    def _n(self, _, g, h, lo, n):
        self.oracle.create(g, h)
        reborn(self.oracle, lo, n)
        self.alive.append(h)
        self.known.add(h)
        self.oracle.tick(g)

    def _x(self, _, g):
        self.alive.remove(g)

    def _r(self, at, g, lo, n, _):
        self.oracle.access(g, at, lo, lo + n, False)

    def _w(self, at, g, lo, n, _):
        self.oracle.access(g, at, lo, lo + n, True)

    def _s(self, at, g, lo):
        self.oracle.access(g, at, lo, lo + 8, False)

    def _v(self, at, g, lo):
        self.oracle.access(g, at, lo, lo + 8, True)

    def _F(self, at, g, lo, n):
        self.oracle.access(g, at, lo, lo + n, True)

    def _M(self, at, g, lo, n):
        reborn(self.oracle, lo, n)
        self.oracle.access(g, at, lo, lo + n, True)

    def _B(self, _, lo, n):
        reborn(self.oracle, lo, n)

    def _a(self, _, g, k):
        self.oracle.acquire(g, k)

    def _l(self, _, g, k):
        self.oracle.release(g, k)

    def _m(self, _, g, k):
        self.oracle.merge(g, k)

    def _q(self, _, g, k):
        self.oracle.release_acquire(g, k)

    def _o(self, _, g, k):
        self.oracle.acquire(g, ("lock", k))
        self.oracle.acquire(g, ("readers", k))
        self.holder[k] = g

    def _O(self, _, g, k):
        """What its holder knows is all that its clock holds; who gives it back for him adds to that."""
        tell = self.oracle.release if self.holder[k] == g else self.oracle.merge
        tell(g, ("lock", k))
        del self.holder[k]

    def _Z(self, _):
        self.by_anybody = True

    def _y(self, _, g, k):
        self.oracle.acquire(g, ("lock", k))
        self.readers.setdefault(k, []).append(g)

    def _Y(self, _, g, k):
        self.oracle.merge(g, ("readers", k))
        self.readers[k].remove(g if g in self.readers[k] else self.readers[k][0])

    def _u(self, _, g, k, pipe):
        self.oracle.merge(g, ("stream", k))
        self.lent.add(g)

    def _U(self, _, g, k):
        self.oracle.acquire(g, ("stream", k))

    def _f(self, _, k):
        self.oracle.forget(k)

    def _h(self, _, g, to):
        self.oracle.handoff(g, to)

    def _b(self, _, g, other):
        self.oracle.rendezvous(g, other)

    def _e(self, _, g, k):
        self.oracle.release_acquire(g, ("slot", k))

    def _L(self, at, g, lo, n, order):
        self.oracle.load(g, at, lo, n, order)
        self.results.append(self.values.get(lo, 0))

    def _S(self, at, g, lo, n, order, value):
        self.oracle.store(g, at, lo, n, order)
        self.values[lo] = value

    def _R(self, at, g, lo, n, order, kind, value):
        self.oracle.rmw(g, at, lo, n, order)
        old = self.values.get(lo, 0)
        self.results.append(old)
        self.values[lo] = rmw_value(kind, old, value, n)

    def _C(self, at, g, lo, n, order, fail_order, expected, value):
        old = self.values.get(lo, 0)
        self.results.append(old)
        if old == expected:
            self.oracle.rmw(g, at, lo, n, order)
            self.values[lo] = value
        else:
            self.oracle.load(g, at, lo, n, fail_order)

    def _T(self, _, g, order):
        self.oracle.fence(g, order)

    def _i(self, _, g, by):
        self.oracle.ignore(g, by)

    def _k(self, _, g, k, _w):
        self.held[g, k] = 1

    def _d(self, _, g, k):
        self.held[g, k] = 0

    def _c(self, _, g, k, _n):
        self.oracle.acquire(g, k)
        self.oracle.release(g, k)

    def _W(self, _, g, _n, k):
        if k >= 0:
            self.oracle.merge(g, k)

    def _t(self, _, _w):
        pass


def execute(ops):
    """Runs operations through the oracle; those that aren't valid (any more) are left out.
    Gives back the Execution and the operations that were made."""
    execution = Execution()
    made = []
    for op in ops:
        if execution.valid(op):
            execution.make(op)
            made.append(op)
    return execution, tuple(made)
