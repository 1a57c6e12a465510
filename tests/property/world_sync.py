"""Locks, wait groups, conditions, semaphores, barriers and channels, as operations of world.py."""

from world import Op, address, op

# What to call, by kind of lock: the object's name begins with the kind.  The fourth, where there is one, takes a deadline.
EXCLUSIVE = {
    "mu": ("gw_mutex_lock", "gw_mutex_unlock", "gw_mutex_try_lock"),
    "rw": ("gw_rwmutex_lock", "gw_rwmutex_unlock", "gw_rwmutex_try_lock"),
    "pmu": ("pthread_mutex_lock", "pthread_mutex_unlock", "!pthread_mutex_trylock", "!pthread_mutex_timedlock"),
    "prmu": ("pthread_mutex_lock", "pthread_mutex_unlock", "!pthread_mutex_trylock", "!pthread_mutex_timedlock"),
    "prw": ("pthread_rwlock_wrlock", "pthread_rwlock_unlock", "!pthread_rwlock_trywrlock",
            "!pthread_rwlock_timedwrlock"),
}
SHARED = {
    "rw": ("gw_rwmutex_rlock", "gw_rwmutex_runlock", "gw_rwmutex_try_rlock"),
    "prw": ("pthread_rwlock_rdlock", "pthread_rwlock_unlock", "!pthread_rwlock_tryrdlock", "!pthread_rwlock_timedrdlock"),
}
RENEW = {
    "pmu": "pthread_mutex_destroy(&@{0}); pthread_mutex_init(&@{0}, NULL);",
    "prmu": "pthread_mutex_destroy(&@{0}); mutex_init_recursive(&@{0});",
    "prw": "pthread_rwlock_destroy(&@{0}); pthread_rwlock_init(&@{0}, NULL);",
}
DEPTH = 3  # to which recursive mutexes are locked


def kind(lock):
    return lock.rstrip("0123456789")


def free(w, lock):
    return lock not in w.holders and not w.readers.get(lock)


def locked(w, g, lock):
    """g takes the lock: after the unlock and all readers' unlocks before."""
    w.depth[lock] = w.depth.get(lock, 0) + 1
    if w.depth[lock] > 1:
        return
    w.oracle.acquire(g, lock)
    w.oracle.acquire(g, (lock, "readers"))
    w.holders[lock] = g


def unlocked(w, g, lock):
    """Who gives it back for another doesn't know, maybe, what was published to it before."""
    w.depth[lock] -= 1
    if w.depth[lock]:
        return
    tell = w.oracle.release if w.holders[lock] == g else w.oracle.merge
    tell(g, lock)
    del w.holders[lock]


def take_text(calls, lock, how):
    """how: 0 lock, 1 try that succeeds, 2 lock with a deadline, where there is such a call."""
    if how == 2 and len(calls) > 3:
        return f"must({calls[3]}(&@{lock}, &far_ahead));"
    return f"must({calls[2]}(&@{lock}));" if how == 1 else f"{calls[0]}(&@{lock});"


@op
class Lock(Op):
    """how: see take_text."""

    @staticmethod
    def ready(w, g, lock, how):
        again = kind(lock) == "prmu" and w.holders.get(lock) == g and w.depth[lock] < DEPTH
        return free(w, lock) or again

    @staticmethod
    def happens(w, at, g, lock, how):
        locked(w, g, lock)

    @staticmethod
    def parts(g, lock, how):
        return {g: take_text(EXCLUSIVE[kind(lock)], lock, how)}


@op
class Unlock(Op):
    """By its holder; of godwit's locks by anybody, in some programs."""

    @staticmethod
    def ready(w, g, lock):
        return lock in w.holders and (w.holders[lock] == g or (w.by_anybody and lock[0] != "p"))

    @staticmethod
    def happens(w, at, g, lock):
        unlocked(w, g, lock)

    @staticmethod
    def parts(g, lock):
        return {g: f"{EXCLUSIVE[kind(lock)][1]}(&@{lock});"}


@op
class RLock(Op):
    @staticmethod
    def ready(w, g, lock, how):
        return lock not in w.holders and g not in w.readers.get(lock, ())

    @staticmethod
    def happens(w, at, g, lock, how):
        w.oracle.acquire(g, lock)
        w.readers.setdefault(lock, []).append(g)

    @staticmethod
    def parts(g, lock, how):
        return {g: take_text(SHARED[kind(lock)], lock, how)}


@op
class RUnlock(Op):
    @staticmethod
    def ready(w, g, lock):
        readers = w.readers.get(lock)
        return bool(readers) and (g in readers or (w.by_anybody and lock[0] != "p"))

    @staticmethod
    def happens(w, at, g, lock):
        w.oracle.merge(g, (lock, "readers"))
        readers = w.readers[lock]
        readers.remove(g if g in readers else readers[0])

    @staticmethod
    def parts(g, lock):
        return {g: f"{SHARED[kind(lock)][1]}(&@{lock});"}


@op
class Renew(Op):
    """A free lock is destroyed, and another one made in its place."""

    @staticmethod
    def ready(w, g, lock):
        return lock[0] == "p" and free(w, lock) and w.all_before(w.renewed.get(lock, ()), g)

    @staticmethod
    def happens(w, at, g, lock):
        w.renewed.setdefault(lock, []).append(w.now(g))
        w.oracle.forget(lock)
        w.oracle.forget((lock, "readers"))

    @staticmethod
    def parts(g, lock):
        return {g: RENEW[kind(lock)].format(lock)}


@op
class TryFails(Op):
    """A try_lock of a lock that somebody else has: no edge."""

    @staticmethod
    def ready(w, g, lock):
        return not free(w, lock) and w.holders.get(lock) != g and g not in w.readers.get(lock, ())

    @staticmethod
    def happens(w, at, g, lock):
        pass

    @staticmethod
    def parts(g, lock):
        return {g: f"must(!({EXCLUSIVE[kind(lock)][2]}(&@{lock})));"}


@op
class HandOver(Op):
    """g, who holds the lock, unlocks it while h waits for it (or nearly); h has it then."""

    tasks = staticmethod(lambda g, h, lock: (g, h))

    @staticmethod
    def ready(w, g, h, lock):
        return w.holders.get(lock) == g and w.depth[lock] == 1

    @staticmethod
    def happens(w, at, g, h, lock):
        unlocked(w, g, lock)
        locked(w, h, lock)

    @staticmethod
    def parts(g, h, lock):
        lock_it, unlock_it, *_ = EXCLUSIVE[kind(lock)]
        return {g: f"linger(); {unlock_it}(&@{lock});", h: f"{lock_it}(&@{lock});"}


# wait group, once, condition, semaphore, barrier


@op
class Add(Op):
    """An add from zero beside a wait is a race on the group, which no program here has."""

    @staticmethod
    def ready(w, g, wg, n):
        return w.counts.get(wg, 0) > 0 or w.all_before(w.waits.get(wg, ()), g)

    @staticmethod
    def happens(w, at, g, wg, n):
        if not w.counts.get(wg, 0):
            w.adds.setdefault(wg, []).append(w.now(g))
        w.counts[wg] = w.counts.get(wg, 0) + n

    @staticmethod
    def parts(g, wg, n):
        return {g: f"gw_waitgroup_add(&@{wg}, {n});"}


@op
class Done(Op):
    @staticmethod
    def ready(w, g, wg):
        return w.counts.get(wg, 0) > 0

    @staticmethod
    def happens(w, at, g, wg):
        w.oracle.merge(g, wg)
        w.counts[wg] -= 1

    @staticmethod
    def parts(g, wg):
        return {g: f"gw_waitgroup_done(&@{wg});"}


@op
class Wait(Op):
    @staticmethod
    def ready(w, g, wg):
        return not w.counts.get(wg, 0) and w.all_before(w.adds.get(wg, ()), g)

    @staticmethod
    def happens(w, at, g, wg):
        w.waits.setdefault(wg, []).append(w.now(g))
        w.oracle.acquire(g, wg)

    @staticmethod
    def parts(g, wg):
        return {g: f"gw_waitgroup_wait(&@{wg});"}


@op
class DoneWait(Op):
    """The last done, while h waits."""

    tasks = staticmethod(lambda g, h, wg: (g, h))

    @staticmethod
    def ready(w, g, h, wg):
        return w.counts.get(wg, 0) == 1 and w.all_before(w.adds.get(wg, ()), h)

    @staticmethod
    def happens(w, at, g, h, wg):
        Done.happens(w, at, g, wg)
        Wait.happens(w, at, h, wg)

    @staticmethod
    def parts(g, h, wg):
        return {g: f"linger(); gw_waitgroup_done(&@{wg});", h: f"gw_waitgroup_wait(&@{wg});"}


@op
class Once(Op):
    """The first do writes n bytes at lo."""

    @staticmethod
    def happens(w, at, g, once, lo, n):
        if once not in w.once_done:
            w.once_done.add(once)
            w.write(at, g, lo, n)
            w.oracle.release(g, once)
        else:
            w.oracle.acquire(g, once)

    @staticmethod
    def parts(g, once, lo, n):
        return {g: f"gw_once_do(&@{once}, set_bytes, {address(lo)}, {n});"}


@op
class Cond(Op):
    """g, who holds the condition's lock, waits; h locks, writes, signals and unlocks. how: 0 signal under the lock, 1
    after unlocking, the write in between; 2, 3 the same with broadcast."""

    tasks = staticmethod(lambda g, h, *_: (g, h))

    @staticmethod
    def lock_of(cond):
        return {"cond0": "mu0", "cond1": "rw0", "pcond0": "pmu0"}[cond]

    @staticmethod
    def ready(w, g, h, cond, how, lo, n):
        return w.holders.get(Cond.lock_of(cond)) == g

    @staticmethod
    def happens(w, at, g, h, cond, how, lo, n):
        lock = Cond.lock_of(cond)
        unlocked(w, g, lock)
        locked(w, h, lock)
        if how % 2:
            unlocked(w, h, lock)
        w.write(at, h, lo, n)
        if cond[0] != "p":
            w.oracle.handoff(h, g)
        if not how % 2:
            unlocked(w, h, lock)
        locked(w, g, lock)

    @staticmethod
    def parts(g, h, cond, how, lo, n):
        lock_it, unlock_it, *_ = EXCLUSIVE[kind(Cond.lock_of(cond))]
        lock = f"(&@{Cond.lock_of(cond)});"
        name, wake = ("pthread_cond" if cond[0] == "p" else "gw_cond"), ("broadcast" if how > 1 else "signal")
        wait = f"{name}_wait(&@{cond}, &@pmu0);" if cond[0] == "p" else f"{name}_wait(&@{cond});"
        write, signal = f"set_bytes({address(lo)}, {n});", f"{name}_{wake}(&@{cond});"
        tail = f"{unlock_it}{lock} {write} {signal}" if how % 2 else f"{write} {signal} {unlock_it}{lock}"
        return {g: wait, h: f"{lock_it}{lock} {tail}"}


@op
class Post(Op):
    @staticmethod
    def happens(w, at, g, sem):
        w.oracle.merge(g, sem)
        w.counts[sem] = w.counts.get(sem, 0) + 1

    @staticmethod
    def parts(g, sem):
        return {g: f"sem_post(&@{sem});"}


@op
class SemWait(Op):
    @staticmethod
    def ready(w, g, sem, how):
        return w.counts.get(sem, 0) > 0

    @staticmethod
    def happens(w, at, g, sem, how):
        w.oracle.acquire(g, sem)
        w.counts[sem] -= 1

    @staticmethod
    def parts(g, sem, how):
        return {g: f"must(!sem_{'try' if how else ''}wait(&@{sem}));"}


@op
class Barrier(Op):
    """A pthread barrier of two."""

    tasks = staticmethod(lambda g, h, *_: (g, h))

    @staticmethod
    def happens(w, at, g, h, barrier):
        w.meet(g, h)

    @staticmethod
    def parts(g, h, barrier):
        return {t: f"pthread_barrier_wait(&@{barrier});" for t in (g, h)}


# channels


@op
class Send(Op):
    """how: 0 send, 1 try_send, 2 the only ready case of a select."""

    @staticmethod
    def ready(w, g, c, how):
        return w.may_send(c)

    @staticmethod
    def happens(w, at, g, c, how):
        w.send(g, c)

    @staticmethod
    def parts(g, c, how):
        return {g: (f"gw_send(@c{c}, 7);", f"must(gw_try_send(@c{c}, 7));",
                    f"gw_select {{ gw_on_send(@c{c}, 7) {{ }} gw_on_recv(@never, v) {{ USE(&v); }} }}")[how]}


def receive_text(c, how, into):
    target = f"(long *)(void *){address(into)}" if into is not None else "&v"
    return (f"long v = 0; must(gw_recv_ok(@c{c}, {target})); USE(&v);",
            f"long v = 0; must(gw_try_recv(@c{c}, {target})); USE(&v);",
            f"long v = 0; must(gw_select_of(GW_CASE_RECV(@never, &v), GW_CASE_RECV(@c{c}, {target})) == 1); USE(&v);"
            )[how]


@op
class Recv(Op):
    """Into the 8 bytes at `into`, or (None) a variable of its own."""

    @staticmethod
    def ready(w, g, c, how, into):
        return w.may_receive(c)

    @staticmethod
    def happens(w, at, g, c, how, into):
        w.receive(g, c)
        if into is not None:
            w.write(at, g, into, 8)

    @staticmethod
    def parts(g, c, how, into):
        return {g: receive_text(c, how, into)}


@op
class ChanFails(Op):
    """how: 0 try_send to a full channel, 1 try_recv from an empty one, 2 a select takes its default, 3 len and cap."""

    @staticmethod
    def ready(w, g, c, how):
        if c in w.closed:
            return how == 3
        return (not w.may_send(c), not w.may_receive(c), not w.may_receive(c), True)[how]

    @staticmethod
    def happens(w, at, g, c, how):
        if how == 0:
            w.attempts[c].append(w.now(g))

    @staticmethod
    def parts(g, c, how):
        return {g: (f"must(!gw_try_send(@c{c}, 7));", f"must(!gw_try_recv(@c{c}, NULL));",
                    f"gw_select {{ gw_on_recv(@c{c}, v) {{ USE(&v); }} gw_on_default {{ }} }}",
                    f"int n = gw_len(@c{c}) + gw_cap(@c{c}); USE(&n);")[how]}


@op
class Rendezvous(Op):
    """g sends while h receives: on an unbuffered channel, an empty one (the receiver may sleep) or a full one (the
    sender may). how: as in Recv for the receiver."""

    tasks = staticmethod(lambda g, h, *_: (g, h))

    @staticmethod
    def ready(w, g, h, c, how, into):
        return c not in w.closed and how != 1 and (w.caps[c] == 0 or not w.may_send(c) or not w.may_receive(c))

    @staticmethod
    def happens(w, at, g, h, c, how, into):
        if w.caps[c] == 0:
            w.attempts[c].append(w.now(g))
            w.meet(g, h)
        elif w.may_send(c):
            w.send(g, c)
            w.receive(h, c)
        else:
            w.receive(h, c)
            w.send(g, c)
        if into is not None:
            w.write(at, h, into, 8)

    @staticmethod
    def parts(g, h, c, how, into):
        return {g: f"gw_send(@c{c}, 7);", h: receive_text(c, how, into)}


@op
class Close(Op):
    """Close beside a send is a race on the channel, which no program here has."""

    @staticmethod
    def ready(w, g, c):
        return c not in w.closed and w.all_before(w.attempts[c], g)

    @staticmethod
    def happens(w, at, g, c):
        w.closed.add(c)
        w.oracle.release(g, ("close", c))

    @staticmethod
    def parts(g, c):
        return {g: f"gw_close(@c{c});"}


CLOSED_TEXT = ("must(!gw_recv_ok(@c{c}, NULL));", "bool ok = true; must(gw_try_recv_ok(@c{c}, NULL, &ok) && !ok);",
               "gw_select {{ gw_on_recv_ok(@c{c}, v, ok) {{ USE(&v); must(!ok); }} }}",
               "gw_range(v, @c{c}) {{ USE(&v); }}")


@op
class RecvClosed(Op):
    """A receive that sees the channel closed."""

    @staticmethod
    def ready(w, g, c, how):
        return c in w.closed and not w.may_receive(c)

    @staticmethod
    def happens(w, at, g, c, how):
        w.oracle.acquire(g, ("close", c))

    @staticmethod
    def parts(g, c, how):
        return {g: CLOSED_TEXT[how].format(c=c)}


@op
class CloseWakes(Op):
    """g closes while h waits to receive."""

    tasks = staticmethod(lambda g, h, *_: (g, h))

    @staticmethod
    def ready(w, g, h, c, how):
        return Close.ready(w, g, c) and not w.may_receive(c) and how != 1

    @staticmethod
    def happens(w, at, g, h, c, how):
        Close.happens(w, at, g, c)
        w.oracle.acquire(h, ("close", c))

    @staticmethod
    def parts(g, h, c, how):
        return {g: f"linger(); gw_close(@c{c});", h: CLOSED_TEXT[how].format(c=c)}
