/* The detector scripted from one thread: reads programs from standard input, and makes each operation as the goroutine
 * that it names.  The operations are described in tests/property/script.py.
 *
 * Each operation has a place in the code of its own: the table of sites holds one small function for each, so that a
 * finding's program counters say which operations of the script raced.  Operations are counted from the start of the
 * process, and the first line of output gives the address of site 0, relative to the module; site i is 32 bytes * i
 * further.  After each program one line has what its atomic operations returned, in order.
 *
 * The first argument is the number of epoch ids after which the detector collects, each time (0: when it pays), the
 * second the number of read planes that threads may have of their own, the third what they can afford for sets of
 * readers at first.
 *
 * With worker threads ("t") exactly one thread acts at any time; the detector doesn't see them. */
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/goid.h"
#include "godwit/abi.h"
#include "godwit/race.h"
#include "sites.h"

#define MAX_GS 4096     /* goroutines of one program; the generator stays far below */
#define MAX_WORKERS 8   /* threads that take turns */
#define MEMORY_MAX 4096 /* bytes of one program's variables */
#define MEMORY_ALL (128u << 20)

struct op {
  char letter;
  __int128 a[8]; /* the numbers after the letter: values have up to 16 bytes */
};

struct worker {
  sem_t go, done;         /* for one operation */
  const struct op *op;    /* the operation; NULL: leave the goroutine */
  bool started;           /* the thread is there */
  struct race_g *current; /* whom this thread runs, as told to race_g_switch */
};

static struct race_g *gs[MAX_GS]; /* of the program; NULL: not there, or ended */
static uint64_t scratch[MAX_GS];  /* a private variable for each goroutine, and its stack by default */
static char keys[64][16];         /* clocks' addresses */
static struct {
  char writers[24], readers[32];
} locks[8] __attribute__((aligned(64))); /* likewise; the first has both in one half of a line, others haven't */
static char streams[8][8];
static char memory_all[MEMORY_ALL] __attribute__((aligned(64)));
static char *memory;                       /* of the program */
static size_t memory_used;                 /* of memory_all */
static size_t op_count;                    /* operations since the start, E and P not counted */
static struct worker workers[MAX_WORKERS]; /* 0 is the main thread */
static int worker_now;

/* Some pairs have a place where they alone meet, others share one. */
static struct race_clocks *meeting_of(int64_t a, int64_t b) {
  static struct race_clocks *meetings[64];
  struct race_clocks **m = &meetings[(a + b) % 64];
  if (!*m) *m = race_clocks_new(0);
  return *m;
}

static struct race_g *g_of(int64_t i) {
  GW_CHECK(i >= 0 && i < MAX_GS && gs[i]);
  return gs[i];
}

static void *at(int64_t offset) { return memory + offset; }

static void run_as(struct race_g *g) {
  struct worker *w = &workers[worker_now];
  if (w->current == g) return;
  race_g_switch(g);
  w->current = g;
}

/* Plain accesses, as compiled code makes them */

static bool cell_has(uintptr_t p, unsigned mask, bool write) {
  uint32_t cell = *(volatile uint32_t *)(__gw_shadow + (write ? 0 : __gw_tls.read_off) + ((p >> 3) << 2));
  return ((cell ^ __gw_tls.epoch ^ mask) & (mask | ~0xffu)) == 0;
}

static bool inline_check(const char *p, size_t n, bool write) {
  uintptr_t u = (uintptr_t)p;
  if (n == 16 && u % 16 == 0) return cell_has(u, 0xff, write) && cell_has(u + 8, 0xff, write);
  if (u % 8 + n > 8) return false;
  return cell_has(u, ((1u << n) - 1) << (u % 8), write);
}

typedef void thunk(void *);
extern thunk __gw_read1, __gw_read2, __gw_read4, __gw_read8, __gw_read16;
extern thunk __gw_write1, __gw_write2, __gw_write4, __gw_write8, __gw_write16;
extern thunk __gw_check_read1, __gw_check_read2, __gw_check_read4, __gw_check_read8, __gw_check_read16;
extern thunk __gw_check_write1, __gw_check_write2, __gw_check_write4, __gw_check_write8, __gw_check_write16;
extern void __gw_read_range(void *, size_t), __gw_write_range(void *, size_t);

/* By size: 1 << i bytes. */
static thunk *const thunks[2][5] = {{__gw_read1, __gw_read2, __gw_read4, __gw_read8, __gw_read16},
                                    {__gw_write1, __gw_write2, __gw_write4, __gw_write8, __gw_write16}};
static thunk *const checks[2][5] = {
    {__gw_check_read1, __gw_check_read2, __gw_check_read4, __gw_check_read8, __gw_check_read16},
    {__gw_check_write1, __gw_check_write2, __gw_check_write4, __gw_check_write8, __gw_check_write16}};

__attribute__((noinline)) static void access_here(struct race_g *g, void *p, size_t n, int64_t op) {
  race_access(g, p, n, (enum race_op)op, RACE_HERE());
}

static void access_by_call(const struct op *o, enum race_op op) {
  SITE_CALL(op_count, access_here, void (*)(struct race_g *, void *, size_t, int64_t))
  (g_of(o->a[0]), at(o->a[1]), (size_t)o->a[2], op);
}

static void access_plain(const struct op *o, bool write) {
  char *p = at(o->a[1]);
  size_t n = (size_t)o->a[2];
  if (o->a[3] == 0) {
    access_by_call(o, write ? RACE_WRITE : RACE_READ);
    return;
  }
  run_as(g_of(o->a[0]));
  if (o->a[3] == 1 && inline_check(p, n, write)) return;
  bool small = n <= 16 && (n & (n - 1)) == 0 && (uintptr_t)p % n == 0;
  if (o->a[3] != 2 && small)
    SITE_CALL(op_count, (o->a[3] == 1 ? thunks : checks)[write][__builtin_ctzl(n)], void (*)(void *))(p);
  else
    SITE_CALL(op_count, write ? __gw_write_range : __gw_read_range, void (*)(void *, size_t))(p, n);
}

/* Atomics */

#define BY_SIZE(name) {__gw_atomic8_##name, __gw_atomic16_##name, __gw_atomic32_##name, __gw_atomic64_##name}
#define RMWS(N)                                                                                                      \
  {__gw_atomic##N##_exchange,  __gw_atomic##N##_fetch_add,  __gw_atomic##N##_fetch_sub,  __gw_atomic##N##_fetch_and, \
   __gw_atomic##N##_fetch_or,  __gw_atomic##N##_fetch_xor,  __gw_atomic##N##_fetch_nand, __gw_atomic##N##_fetch_max, \
   __gw_atomic##N##_fetch_min, __gw_atomic##N##_fetch_umax, __gw_atomic##N##_fetch_umin}

/* What an atomic operation of size T returned, as a number without sign. */
#define ATOMIC_SIZED(N, T)                                                                           \
  static T atomic##N(const struct op *o) {                                                           \
    typedef T (*rmw_fn)(void *, T, int);                                                             \
    static const rmw_fn rmw[] = RMWS(N);                                                             \
    void *p = at(o->a[1]);                                                                           \
    int order = (int)o->a[3];                                                                        \
    switch (o->letter) {                                                                             \
      case 'L':                                                                                      \
        return SITE_CALL(op_count, __gw_atomic##N##_load, T(*)(void *, int))(p, order);              \
      case 'R':                                                                                      \
        return SITE_CALL(op_count, rmw[o->a[4]], rmw_fn)(p, (T)o->a[5], order);                      \
      case 'C':                                                                                      \
        return CAS##N(p, (T)o->a[5], (T)o->a[6], order, (int)o->a[4]);                               \
      default:                                                                                       \
        SITE_CALL(op_count, __gw_atomic##N##_store, void (*)(void *, T, int))(p, (T)o->a[4], order); \
        return 0;                                                                                    \
    }                                                                                                \
  }
#define CAS(N, T, ...) \
  SITE_CALL(op_count, __gw_atomic##N##_compare_exchange, T (*)(void *, T, T, int, int))(__VA_ARGS__)
#define CAS8(...) CAS(8, uint8_t, __VA_ARGS__)
#define CAS16(...) CAS(16, uint16_t, __VA_ARGS__)
#define CAS32(...) CAS(32, uint32_t, __VA_ARGS__)
#define CAS64(...) CAS(64, uint64_t, __VA_ARGS__)

/* Its last argument goes on the stack: the site puts it there. */
static unsigned __int128 CAS128(void *p, unsigned __int128 expected, unsigned __int128 value, int order, int fail) {
  typedef unsigned __int128 (*cas_fn)(void *, unsigned __int128, unsigned __int128, int);
  site_arg7 = (uint64_t)fail;
  return SITE_CALL(op_count, __gw_atomic128_compare_exchange, cas_fn)(p, expected, value, order);
}

ATOMIC_SIZED(8, uint8_t)
ATOMIC_SIZED(16, uint16_t)
ATOMIC_SIZED(32, uint32_t)
ATOMIC_SIZED(64, uint64_t)
ATOMIC_SIZED(128, unsigned __int128)

static void atomic_op(const struct op *o) {
  unsigned __int128 value;
  run_as(g_of(o->a[0]));
  switch (o->a[2]) {
    case 1:
      value = atomic8(o);
      break;
    case 2:
      value = atomic16(o);
      break;
    case 4:
      value = atomic32(o);
      break;
    case 8:
      value = atomic64(o);
      break;
    default:
      value = atomic128(o);
      break;
  }
  if (o->letter == 'S') return;
  if (value >> 64)
    printf("%llx%016llx ", (unsigned long long)(value >> 64), (unsigned long long)value);
  else
    printf("%llx ", (unsigned long long)value);
}

/* Goroutines */

enum { SLOTS = 3 };
static struct race_clocks *noted; /* of the program: notes, and the slots of a buffer */

__attribute__((noinline)) static void note_here(struct race_g *g, void *p) { race_note(g, noted, p, 8, RACE_HERE()); }
__attribute__((noinline)) static void write_noted_here(struct race_g *g, void *p) {
  race_write_noted(g, noted, p, 8, RACE_HERE());
}

static void note(const struct op *o, void (*f)(struct race_g *, void *)) {
  run_as(g_of(o->a[0]));
  SITE_CALL(op_count, f, void (*)(struct race_g *, void *))(g_of(o->a[0]), at(o->a[1]));
}

__attribute__((noinline)) static struct race_g *create_here(struct race_g *creator) {
  return race_g_create(creator, goid_next(), RACE_HERE());
}

static struct race_g *create(struct race_g *creator) {
  return SITE_CALL(op_count, create_here, struct race_g * (*)(struct race_g *))(creator);
}

static void g_create(const struct op *o) {
  int64_t h = o->a[1];
  GW_CHECK(h >= 0 && h < MAX_GS && !gs[h]);
  gs[h] = create(g_of(o->a[0]));
  char *lo = o->a[3] ? at(o->a[2]) : (char *)&scratch[h];
  race_g_start(gs[h], lo, lo + (o->a[3] ? o->a[3] : (int64_t)sizeof scratch[h]));
}

/* The detector's own: whoever is the only one ends no epochs (alone.c). */
void det_look_whether_alone(void);
extern int64_t det_alive_elsewhere;

static void g_end(int64_t i) {
  struct race_g *g = g_of(i);
  if (workers[worker_now].current == g) run_as(NULL);
  race_g_end(g);
  gs[i] = NULL;
  det_look_whether_alone();
}

static void swarm(const struct op *o) {
  struct race_g *creator = g_of(o->a[0]);
  static uint64_t stack;
  for (int64_t i = 0; i < o->a[1]; i++) {
    struct race_g *g = create(creator);
    race_g_start(g, &stack, &stack + 1);
    race_access(g, &stack, 8, RACE_WRITE, RACE_HERE());
    if (o->a[2] >= 0) race_release_merge(g, keys[o->a[2]]);
    race_g_end(g);
    race_reborn(&stack, 8);
  }
}

static void churn(const struct op *o) {
  struct race_g *g = g_of(o->a[0]);
  for (int64_t i = 0; i < o->a[2]; i++) {
    race_acquire(g, keys[o->a[1]]);
    race_access(g, &scratch[o->a[0]], 8, RACE_WRITE, RACE_HERE());
    race_release(g, keys[o->a[1]]);
  }
}

/* The detector's own: what interceptors do for streams whose other end is elsewhere. */
extern void det_lend(struct race_g *g, const void *addr, bool one_way);
extern void det_borrow(struct race_g *g, const void *addr);

/* Sync: every second operation is made on behalf of a goroutine that this thread doesn't run, as a waker does. */
static void sync_op(const struct op *o) {
  struct race_g *g = g_of(o->a[0]);
  if (op_count % 2) run_as(g);
  switch (o->letter) {
    case 'a':
      race_acquire(g, keys[o->a[1]]);
      break;
    case 'l':
      race_release(g, keys[o->a[1]]);
      break;
    case 'm':
      race_release_merge(g, keys[o->a[1]]);
      break;
    case 'q':
      race_release_acquire(g, keys[o->a[1]]);
      break;
    case 'o':
      race_lock(g, &locks[o->a[1]].writers);
      race_acquire(g, &locks[o->a[1]].readers);
      break;
    case 'O':
      race_unlock(g, &locks[o->a[1]].writers);
      break;
    case 'y':
      race_read_lock(g, &locks[o->a[1]].writers, &locks[o->a[1]].readers);
      break;
    case 'Y':
      race_read_unlock(g, &locks[o->a[1]].readers);
      break;
    case 'u':
      det_lend(g, &streams[o->a[1]], o->a[2]);
      break;
    case 'U':
      det_borrow(g, &streams[o->a[1]]);
      break;
    case 'b':
      race_rendezvous(g, g_of(o->a[1]), meeting_of(o->a[0], o->a[1]));
      break;
    case 'e':
      race_exchange(g, noted, (uint32_t)o->a[1]);
      break;
    case 'h':
      race_handoff(g, g_of(o->a[1]));
      break;
    case 'k':
      race_lock_held(g, keys[o->a[1]], o->a[2], RACE_HERE());
      break;
    default:
      race_lock_dropped(g, keys[o->a[1]]);
      break;
  }
}

static void ignore(const struct op *o) {
  struct race_g *g = g_of(o->a[0]);
  run_as(g);
  if (o->a[1] > 0)
    race_ignore_begin(g);
  else
    race_ignore_end(g);
}

/* The detector's own. */
extern bool det_given_back_by_others;

static void make(const struct op *o) {
  static char anothers; /* a lock */
  switch (o->letter) {
    case 'Z':
      race_lock_dropped(g_of(0), &anothers);
      break;
    case 'r':
      access_plain(o, false);
      break;
    case 'w':
      access_plain(o, true);
      break;
    case 'n':
      g_create(o);
      break;
    case 'x':
      g_end(o->a[0]);
      break;
    case 'F':
      access_by_call(o, RACE_FREE);
      break;
    case 'M':
      race_reborn(at(o->a[1]), (size_t)o->a[2]);
      access_by_call(o, RACE_ALLOC);
      break;
    case 's':
      note(o, note_here);
      break;
    case 'v':
      note(o, write_noted_here);
      break;
    case 'B':
      race_reborn(at(o->a[0]), (size_t)o->a[1]);
      break;
    case 'f':
      race_forget(keys[o->a[0]]);
      break;
    case 'i':
      ignore(o);
      break;
    case 'c':
      churn(o);
      break;
    case 'W':
      swarm(o);
      break;
    case 'T':
      run_as(g_of(o->a[0]));
      __gw_atomic_thread_fence((int)o->a[1]);
      break;
    case 'L':
    case 'S':
    case 'R':
    case 'C':
      atomic_op(o);
      break;
    default:
      sync_op(o);
      break;
  }
}

/* The detector's own knobs. */
extern uint32_t det_displaced_many, det_own_planes, readers_credit_first, duo_credit_first, context_blocks_most;

/* Worker threads: exactly one thread acts, the others wait. */

static void *worker_main(void *arg) {
  struct worker *w = arg;
  for (;;) {
    sem_wait(&w->go);
    if (w->op)
      make(w->op);
    else
      run_as(NULL);
    sem_post(&w->done);
  }
  return NULL;
}

static void on_worker(const struct op *o) {
  struct worker *w = &workers[worker_now];
  if (worker_now == 0) {
    if (o)
      make(o);
    else
      run_as(NULL);
    return;
  }
  w->op = o;
  sem_post(&w->go);
  while (sem_wait(&w->done)) continue;
}

static void worker_start(struct worker *w) {
  pthread_t thread;
  sem_init(&w->go, 0, 0);
  sem_init(&w->done, 0, 0);
  det_displaced_many = 1; /* so that threads turn to read planes of their own at once */
  race_hide_threads(true);
  GW_CHECK(pthread_create(&thread, NULL, worker_main, w) == 0);
  race_hide_threads(false);
  w->started = true;
}

static void worker_change(int to) {
  GW_CHECK(to >= 0 && to < MAX_WORKERS);
  on_worker(NULL); /* a goroutine is on one thread at a time */
  if (to && !workers[to].started) worker_start(&workers[to]);
  worker_now = to;
}

/* Programs */

static void program_begin(const struct op *o) {
  size_t size = (size_t)o->a[0], phase = (size_t)o->a[1];
  GW_CHECK(size <= MEMORY_MAX && phase < 64);
  if (!o->a[2] || !memory) {
    if (memory_used + 2 * MEMORY_MAX > MEMORY_ALL) memory_used = 0;
    memory = memory_all + memory_used + phase;
    memory_used += (phase + size + 127) / 64 * 64;
  } else if (memory + size > memory_all + memory_used) { /* the same place, but longer */
    memory_used = (size_t)(memory - memory_all + (ptrdiff_t)size + 127) / 64 * 64;
  }
  det_given_back_by_others = false;
  race_clocks_free(noted);
  noted = race_clocks_new(SLOTS);
  memset(memory, 0, size);
  race_reborn(memory, size);
  race_reborn(keys, sizeof keys);
  race_reborn(locks, sizeof locks);
  race_reborn(streams, sizeof streams);
  race_reborn(scratch, sizeof scratch);
  gs[0] = create(race_self());
  race_g_start(gs[0], &scratch[0], &scratch[1]);
  det_look_whether_alone();
}

static void program_end(void) {
  worker_change(0);
  run_as(NULL);
  for (int i = 0; i < MAX_GS; i++)
    if (gs[i]) g_end(i);
  printf("\n");
  fflush(stdout);
}

static __int128 number_parse(const char **at) {
  const char *p = *at;
  bool minus = *p == '-';
  unsigned __int128 n = 0;
  for (p += minus; *p >= '0' && *p <= '9'; p++) n = n * 10 + (unsigned)(*p - '0');
  *at = p;
  return (__int128)(minus ? -n : n);
}

static struct op op_parse(const char *line) {
  struct op o = {.letter = line[0]};
  const char *p = line + 1;
  for (size_t i = 0; i < 8 && *p == ' '; i++) {
    p++;
    o.a[i] = number_parse(&p);
  }
  return o;
}

static int first_module(struct dl_phdr_info *info, size_t size, void *base) {
  (void)size;
  *(uintptr_t *)base = info->dlpi_addr;
  return 1;
}

/* The detector's own knobs: renames epoch ids each time so many were used up, once it has begun to; see retired.h. */
extern uint32_t det_collect_every, det_retire_above;

static void collect_from_now_on(int every) {
  det_collect_every = (uint32_t)abs(every);
  if (every < 0) det_retire_above = 0; /* and all lines that may be are retired each time */
  struct race_g *g = create(race_self());
  race_g_start(g, &scratch[0], &scratch[1]);
  for (int i = 0; i < 70000; i++) { /* more than the detector lets pass before it collects for the first time */
    race_access(g, &scratch[1], 8, RACE_WRITE, RACE_HERE());
    race_release(g, keys[0]);
  }
  race_g_end(g);
}

int main(int argc, char **argv) {
  static char line[256];
  uintptr_t base = 0;
  dl_iterate_phdr(first_module, &base);
  race_init();
  if (argc > 1 && strcmp(argv[1], "0") != 0) collect_from_now_on(atoi(argv[1]));
  race_self();
  det_alive_elsewhere = -1; /* the one that main is, which does nothing from here on */
  if (argc > 2) det_own_planes = (uint32_t)strtoul(argv[2], NULL, 10);
  if (argc > 3) readers_credit_first = duo_credit_first = (uint32_t)strtoul(argv[3], NULL, 10);
  if (argc > 4) context_blocks_most = (uint32_t)strtoul(argv[4], NULL, 10);
  printf("%lx\n", (unsigned long)(SITE_ADDRESS(0) - base));
  while (fgets(line, sizeof line, stdin)) {
    struct op o = op_parse(line);
    if (o.letter == 'P') {
      program_begin(&o);
      continue;
    }
    if (o.letter == 'E') {
      program_end();
      continue;
    }
    GW_CHECK(op_count < SITES);
    if (o.letter == 't')
      worker_change((int)o.a[0]);
    else
      on_worker(&o);
    op_count++;
  }
  return 0;
}
