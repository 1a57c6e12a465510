"""Whole programs: tasks (goroutines and pthreads) that do what users do, in one known order.

An operation is a tuple whose first element names a class below, or in world_sync.py.  Each class says when the operation
is possible without blocking for good (`ready`), what it means to the oracle (`happens`), and what the tasks that take
part in it call (`parts`: task -> C statement).  All operations of a program are numbered, and happen in that order;
within one operation its parts run at the same time, and the primitive itself sees to their order.

In C text "@" stands for the program's prefix.  Variables are byte ranges of the array @m; the oracle's addresses are
offsets in it.  Heap blocks are at HEAP and above.
"""

from oracle import ACQ_REL, RELEASE, Oracle
from script import RMW, rmw_value

HEAP = 1 << 20  # oracle's address of heap block 0
HEAP_STEP = 1 << 12  # between blocks
ORDERS = ("__ATOMIC_RELAXED", "__ATOMIC_CONSUME", "__ATOMIC_ACQUIRE", "__ATOMIC_RELEASE", "__ATOMIC_ACQ_REL",
          "__ATOMIC_SEQ_CST")
OPS = {}


def op(cls):
    OPS[cls.__name__] = cls
    return cls


class World:
    """The state of one program between two operations."""

    def __init__(self, channels, by_anybody=False):
        self.oracle = Oracle()
        self.oracle.create(None, 0)
        self.kinds = {0: "main"}  # task -> "main", "go" or "thread"
        self.alive = [0]
        self.ended, self.joined = set(), set()
        self.holders = {}  # exclusive lock -> task
        self.depth = {}  # exclusive lock -> how often its holder has locked it
        self.renewed = {}  # lock -> [(task, count)] of its remakings
        self.by_anybody = by_anybody  # locks are given back by others than who has them
        self.readers = {}  # rwlock -> list of tasks
        self.caps = channels  # channel -> capacity
        self.sent, self.received = [0] * len(channels), [0] * len(channels)
        self.closed = set()
        self.attempts = [[] for _ in channels]  # sends on a channel: (task, count), for close
        self.counts = {}  # wait group or semaphore -> value
        self.adds, self.waits = {}, {}  # wait group -> [(task, count)] of adds from zero, of waits
        self.once_done = set()
        self.blocks = {}  # heap block -> size, while it is there
        self.freed = set()
        self.values = {}  # atomic location -> value, None if a plain write may have changed it
        self.done = 0

    def ready(self, operation):
        cls = OPS[operation[0]]
        tasks = cls.tasks(*operation[1:])
        return (len(set(tasks)) == len(tasks) and all(t in self.alive for t in tasks)
                and bool(cls.ready(self, *operation[1:])))

    def make(self, operation):
        OPS[operation[0]].happens(self, self.done, *operation[1:])
        self.done += 1

    # what several operations share

    def now(self, g):
        self.oracle.tick(g)
        return g, self.oracle.clocks[g][g]

    def all_before(self, events, g):
        return all(t == g or self.oracle.clocks[g].get(t, 0) >= count for t, count in events)

    def write(self, at, g, lo, n):
        self.oracle.access(g, at, lo, lo + n, True)
        for location in range(lo - 7, lo + n):  # atomics here have at most 8 bytes
            self.values[location] = None

    def read(self, at, g, lo, n):
        self.oracle.access(g, at, lo, lo + n, False)

    def may_send(self, c):
        return c not in self.closed and self.sent[c] - self.received[c] < self.caps[c]

    def may_receive(self, c):
        return self.sent[c] > self.received[c]

    def _slot(self, g, c, number):
        key = ("slot", c, number % self.caps[c])
        self.oracle.acquire(g, key)
        self.oracle.release(g, key)

    def send(self, g, c):
        self.attempts[c].append(self.now(g))
        self._slot(g, c, self.sent[c])
        self.sent[c] += 1

    def receive(self, g, c):
        self._slot(g, c, self.received[c])
        self.received[c] += 1

    def meet(self, *tasks):
        """Each learns what all did before."""
        for t in tasks:
            self.oracle.merge(t, "meeting")
        for t in tasks:
            self.oracle.acquire(t, "meeting")
        self.oracle.forget("meeting")


def address(lo):
    if lo < HEAP:
        return f"(@m + {lo})"
    block, offset = divmod(lo - HEAP, HEAP_STEP)
    return f"((unsigned char *)block_get(&@b[{block}]) + {offset})"


def scalar(lo, n, volatile):
    """An lvalue of n bytes."""
    kind = f"u{8 * n}" if lo % n == 0 and (lo < HEAP or n <= 16) else f"u{8 * n}_packed"
    return f"*({'volatile ' if volatile else ''}{kind} *){address(lo)}"


class Op:
    @staticmethod
    def tasks(g, *_):
        return (g,)

    @staticmethod
    def ready(w, *_):
        return True


# accesses; how: 0 scalar, 1 volatile scalar, 2 mem* call


@op
class Read(Op):
    @staticmethod
    def happens(w, at, g, lo, n, how):
        w.read(at, g, lo, n)

    @staticmethod
    def parts(g, lo, n, how):
        if how == 2 or n not in (1, 2, 4, 8, 16):
            return {g: f"u8 to[{n}]; memcpy(to, {address(lo)}, {n}); USE(to);"}
        return {g: f"u{8 * n} v = {scalar(lo, n, how == 1)}; USE(&v);"}


@op
class Write(Op):
    @staticmethod
    def happens(w, at, g, lo, n, how):
        w.write(at, g, lo, n)

    @staticmethod
    def parts(g, lo, n, how):
        if how == 2 or n not in (1, 2, 4, 8, 16):
            return {g: f"memset({address(lo)}, 1, {n});"}
        return {g: f"{scalar(lo, n, how == 1)} = 1;"}


@op
class Copy(Op):
    """A struct assignment (how 0), memcpy or memmove."""

    @staticmethod
    def happens(w, at, g, to, lo, n, how):
        w.read(at, g, lo, n)
        w.write(at, g, to, n)

    @staticmethod
    def parts(g, to, lo, n, how):
        if how == 0:
            text = f"typedef struct {{ u8 c[{n}]; }} s; *(s *){address(to)} = *(s *){address(lo)};"
        else:
            text = f"mem{'cpy' if how == 1 else 'move'}({address(to)}, {address(lo)}, {n});"
        return {g: text}


@op
class Malloc(Op):
    @staticmethod
    def ready(w, g, block, n):
        return block not in w.blocks and block not in w.freed

    @staticmethod
    def happens(w, at, g, block, n):
        lo = HEAP + block * HEAP_STEP
        w.oracle.reborn(lo, lo + HEAP_STEP)
        w.oracle.access(g, at, lo, lo + n, True)
        w.blocks[block] = n

    @staticmethod
    def parts(g, block, n):
        return {g: f"block_set(&@b[{block}], malloc({n}));"}


@op
class Free(Op):
    @staticmethod
    def ready(w, g, block):
        return block in w.blocks

    @staticmethod
    def happens(w, at, g, block):
        lo = HEAP + block * HEAP_STEP
        w.oracle.access(g, at, lo, lo + w.blocks.pop(block), True)
        w.freed.add(block)

    @staticmethod
    def parts(g, block):
        return {g: f"free(block_get(&@b[{block}]));"}


# atomics


def _atomic_type(n):
    return f"u{8 * n}"


@op
class Load(Op):
    @staticmethod
    def happens(w, at, g, lo, n, mo):
        w.oracle.load(g, at, lo, n, mo)

    @staticmethod
    def parts(g, lo, n, mo):
        return {g: f"u{8 * n} v = __atomic_load_n((u{8 * n} *){address(lo)}, {ORDERS[mo]}); USE(&v);"}


@op
class Store(Op):
    @staticmethod
    def happens(w, at, g, lo, n, mo, value):
        w.oracle.store(g, at, lo, n, mo)
        w.values[lo] = value

    @staticmethod
    def parts(g, lo, n, mo, value):
        return {g: f"__atomic_store_n((u{8 * n} *){address(lo)}, {value}, {ORDERS[mo]});"}


@op
class Rmw(Op):
    @staticmethod
    def happens(w, at, g, lo, n, mo, kind, value):
        w.oracle.rmw(g, at, lo, n, mo)
        old = w.values.get(lo, 0)
        w.values[lo] = value if kind == 0 else None if old is None else rmw_value(kind, old, value, n)

    @staticmethod
    def parts(g, lo, n, mo, kind, value):
        name = "exchange_n" if kind == 0 else RMW[kind]
        return {g: f"u{8 * n} v = __atomic_{name}((u{8 * n} *){address(lo)}, {value}, {ORDERS[mo]}); USE(&v);"}


@op
class Cas(Op):
    @staticmethod
    def ready(w, g, lo, n, mo, mf, expected, value):
        return w.values.get(lo, 0) is not None and mf not in (RELEASE, ACQ_REL)

    @staticmethod
    def happens(w, at, g, lo, n, mo, mf, expected, value):
        if w.values.get(lo, 0) == expected:
            w.oracle.rmw(g, at, lo, n, mo)
            w.values[lo] = value
        else:
            w.oracle.load(g, at, lo, n, mf)

    @staticmethod
    def parts(g, lo, n, mo, mf, expected, value):
        return {g: f"u{8 * n} e = {expected}u; "
                   f"bool ok = __atomic_compare_exchange_n((u{8 * n} *){address(lo)}, &e, {value}, false, {ORDERS[mo]}, {ORDERS[mf]}); USE(&ok);"}


@op
class Fence(Op):
    @staticmethod
    def happens(w, at, g, mo):
        w.oracle.fence(g, mo)

    @staticmethod
    def parts(g, mo):
        return {g: f"__atomic_thread_fence({ORDERS[mo]});"}


# tasks


@op
class Go(Op):
    """kind: "go" or "thread"."""

    @staticmethod
    def ready(w, g, h, kind):
        return h not in w.kinds

    @staticmethod
    def happens(w, at, g, h, kind):
        w.oracle.create(g, h)
        w.oracle.tick(g)
        w.kinds[h] = kind
        w.alive.append(h)

    @staticmethod
    def parts(g, h, kind):
        if kind == "go":
            return {g: f"gw_go(@task{h});"}
        return {g: f"must(!pthread_create(&@thread[{h}], NULL, @thread{h}, NULL));"}


@op
class End(Op):
    @staticmethod
    def ready(w, g):
        return g != 0 and g not in w.holders.values() and all(g not in r for r in w.readers.values())

    @staticmethod
    def happens(w, at, g):
        w.alive.remove(g)
        w.ended.add(g)

    @staticmethod
    def parts(g):
        return {g: ""}


@op
class Join(Op):
    """Of a pthread that has ended, or is about to."""

    @staticmethod
    def ready(w, g, h):
        return h in w.ended and w.kinds[h] == "thread" and h not in w.joined

    @staticmethod
    def happens(w, at, g, h):
        w.joined.add(h)
        key = ("end", h)
        w.oracle.release(h, key)
        w.oracle.acquire(g, key)

    @staticmethod
    def parts(g, h):
        return {g: f"must(!pthread_join(thread_get(&@thread[{h}]), NULL));"}

