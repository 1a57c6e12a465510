/* NO RACE */
/* Locks and counters of inline assembler, as programs have them that are older than C11, order what they guard. */
#include "scenario.h"

static volatile int word;
static volatile char byte;
static void *volatile pair[2] __attribute__((aligned(16)));
static long x;

static int add(volatile int *p, int n) {
  __asm__ volatile("lock; xaddl %0, %1" : "+r"(n), "+m"(*p) : : "memory", "cc");
  return n;
}
static int swap(volatile int *p, int n) {
  __asm__ volatile("xchgl %0, %1" : "+r"(n), "+m"(*p) : : "memory");
  return n;
}
/* The place is an input, whose change the clobber stands for. */
static int replace(volatile int *p, int old, int next) {
  unsigned char done;
  __asm__ volatile("lock\n\tcmpxchgl %3, %1\n\tsete %0" : "=a"(done) : "m"(*p), "a"(old), "r"(next) : "memory", "cc");
  return done;
}
/* The operand stands for any place of any size, as in liburcu. */
struct any {
  long v[10];
};
static int add_any(volatile void *p, int n) {
  __asm__ volatile("lock; xaddl %0, %1" : "+r"(n), "+m"(*(volatile struct any *)p) : : "memory", "cc");
  return n;
}
static int replace_any(volatile void *p, int old, int next) {
  int was = old;
  __asm__ volatile("lock; cmpxchgl %2, %1" : "+a"(was), "+m"(*(volatile struct any *)p) : "r"(next) : "memory", "cc");
  return was == old;
}
/* The place is where a register says. */
static int add_there(volatile int *p, int n) {
  __asm__ volatile("lock; xaddl %0, (%1)" : "+r"(n) : "r"(p) : "memory", "cc");
  return n;
}
/* What a register has is an address, and not the place. */
static void *volatile box;
static void *put(void *old, void *p) {
  __asm__ volatile("lock; cmpxchgq %2, %1" : "+a"(old), "+m"(box) : "r"(p) : "memory", "cc");
  return old;
}
/* As in Concurrency Kit: the operand is a byte, and stands for a pointer.  The page's last byte is that of NULL. */
static char page[256] __attribute__((aligned(256)));
static int replace_pointer(void *p, void *old, void *next) {
  unsigned char done;
  __asm__ volatile("lock cmpxchgq %3, %0; setz %1"
                   : "+m"(*(char *)p), "=q"(done), "+a"(old)
                   : "q"(next)
                   : "memory", "cc");
  return done;
}
/* Moves of all sizes. */
#define MOVES(name, type, place, move)                                              \
  static type load_##name(const void *p) {                                          \
    type v;                                                                         \
    __asm__ volatile(move " %1, %0" : "=q"(v) : "m"(*(const place *)p) : "memory"); \
    return v;                                                                       \
  }                                                                                 \
  static int store_##name(void *p, type v) {                                        \
    __asm__ volatile(move " %1, %0" : "=m"(*(place *)p) : "q"(v) : "memory");       \
    return 0;                                                                       \
  }
static long wide;
MOVES(byte, char, char, "movb")
MOVES(word, short, short, "movw")
MOVES(int, int, int, "movl")
MOVES(long, long, long, "mov")
MOVES(double, double, double, "movq")
MOVES(pointer, long *, char, "movq") /* its operand is a byte, too */
static int store_there(int *p) {
  __asm__ volatile("movl\t$1, (%0)\n" : : "r"(p) : "memory");
  __asm__ volatile("movl %1, (%0);" : : "r"(p), "ri"(1) : "memory");
  return 0;
}
/* What is stored stands in the code, as where old locks are given back. */
#define STORES_CONSTANT(name, place, move) \
  static void constant_##name(void *p) { __asm__ volatile(move : "=m"(*(place *)p) : : "memory"); }
STORES_CONSTANT(byte, char, "movb $1, %0")
STORES_CONSTANT(word, short, "movw $0x1,%0")
STORES_CONSTANT(int, int, "movl\t$1, %0")
STORES_CONSTANT(long, long, "movq $-2, %0")
/* One that has another output stays as it is. */
static int store_and_keep(int *p, int v) {
  int kept;
  __asm__ volatile("movl %2, %0" : "=m"(*p), "=r"(kept) : "r"(v), "1"(v + 1) : "memory");
  return kept;
}
static int load_there(const int *p) {
  int v;
  __asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(p) : "memory");
  return v;
}
static void increment(volatile int *p) { __asm__ volatile("lock incl %0" : "+m"(*p) : : "cc"); }
/* A lock that is tried: nothing is written if a look says that it is taken. */
static int try_take(volatile char *p) {
  char old = 1;
  __asm__ volatile("cmpb $0, %1\n jne 1f\n lock\n xchgb %0, %1\n1:\n" : "+q"(old), "+m"(*p) : : "memory", "cc");
  return old == 0;
}
static int replace_pair(void *a, void *b) {
  void *old_a = pair[0], *old_b = pair[1];
  unsigned char done;
  __asm__ volatile("lock cmpxchg16b %0; setz %3"
                   : "+m"(*(void *volatile *)pair), "+a"(old_a), "+d"(old_b), "=q"(done)
                   : "b"(a), "c"(b)
                   : "memory", "cc");
  return done;
}

#define PUBLISH(name, operation) \
  static void name(void) { x++, turn_wait(1), (void)(operation), turn_done(); }
#define READ(name, operation) \
  static void name(void) { turn_wait(2), (operation) ? use(x) : abort(); }

PUBLISH(publish_add, add(&word, 1))
PUBLISH(publish_swap, swap(&word, 1))
PUBLISH(publish_replace, replace(&word, 0, 1) || (abort(), 0))
PUBLISH(publish_increment, (increment(&word), 0))
PUBLISH(publish_any, add_any(&word, 1))
PUBLISH(publish_there, add_there(&word, 1))
PUBLISH(publish_address, put(NULL, &x))
PUBLISH(publish_byte, try_take(&byte) || (abort(), 0))
PUBLISH(publish_pointer, replace_pointer(&wide, NULL, page) || (abort(), 0))
PUBLISH(publish_move_byte, store_byte(&wide, 1))
PUBLISH(publish_move_word, store_word(&wide, 1))
PUBLISH(publish_move_int, store_int(&wide, 1))
PUBLISH(publish_move_long, store_long(&wide, 1))
PUBLISH(publish_move_double, store_double(&wide, 1))
PUBLISH(publish_move_pointer, store_pointer(&wide, &x))
PUBLISH(publish_move_there, store_there((int *)&wide))
PUBLISH(publish_constant_byte, (constant_byte(&wide), 0))
PUBLISH(publish_constant_word, (constant_word(&wide), 0))
PUBLISH(publish_constant_int, (constant_int(&wide), 0))
PUBLISH(publish_constant_long, (constant_long(&wide), 0))
PUBLISH(publish_pair, replace_pair(&x, &x) || (abort(), 0))
READ(read_add, add(&word, 1) == 1)
READ(read_swap, swap(&word, 0) == 1)
READ(read_replace, replace(&word, 1, 2))
READ(read_failed_replace, !replace(&word, 5, 2))
READ(read_any, replace_any(&word, 1, 2))
READ(read_there, add_there(&word, 1) == 1)
READ(read_address, put(&x, NULL) == &x)
READ(read_byte, !try_take(&byte))
READ(read_pointer, replace_pointer(&wide, page, NULL))
READ(read_move_byte, load_byte(&wide) == 1)
READ(read_move_word, load_word(&wide) == 1)
READ(read_move_int, load_int(&wide) == 1)
READ(read_move_long, load_long(&wide) == 1)
READ(read_move_page, load_long(&wide) == (long)page)
READ(read_move_negative, load_long(&wide) == -2)
READ(read_move_double, load_double(&wide) == 1)
READ(read_move_pointer, load_pointer(&wide) == &x)
READ(read_move_pointee, *load_pointer(&wide))
READ(read_move_there, load_there((const int *)&wide) == 1)
READ(read_pair, replace_pair(NULL, NULL))

/* Fences of assembler between relaxed accesses. */
static atomic_int flag;
static void fence_before(void) {
  x++;
  __asm__ volatile("mfence" : : : "memory");
  IN_TURN(1, atomic_store_explicit(&flag, 1, memory_order_relaxed));
}
static void fence_after(void) {
  turn_wait(2);
  if (!atomic_load_explicit(&flag, memory_order_relaxed)) abort();
  __asm__ volatile("lock; addl $0, 0(%%rsp)" : : : "memory", "cc");
  use(x);
}

/* A counter that both add to: the detector can't see anything but the assembler. */
static long counted;
static void count(void) {
  for (int i = 0; i < 20000; i++) {
    while (swap(&word, 1)) gw_yield();
    counted++;
    swap(&word, 0);
  }
}

/* The same, given back by a move, and taken after a look by one. */
static void count_by_moves(void) {
  for (int i = 0; i < 20000; i++) {
    while (load_int(&wide) || swap((volatile int *)&wide, 1)) gw_yield();
    counted++;
    store_int(&wide, 0);
  }
}

/* A lock for readers and a writer that are told apart in one word: a writer adds itself, then waits until it alone is
 * left, by plain loads. */
enum { READER = 1, WRITER = 1 << 16 };
static struct table {
  long before;
  int lock;
} table, *tables[2] = {&table, &table};
#define LOCK_ADD(lock, n)                                                                 \
  ({                                                                                      \
    int _old = (n);                                                                       \
    __asm__ volatile("lock xaddl %0, %1" : "=r"(_old), "+m"(*(lock)) : "0"(_old) : "cc"); \
    _old;                                                                                 \
  })
#define LOCK_LOOK(lock)                \
  ({                                   \
    volatile int *_l = (void *)(lock); \
    *_l;                               \
  })
#define LOCK_WRITE(lock)                            \
  ({                                                \
    int _seen = LOCK_ADD(lock, WRITER);             \
    turn_done();                                    \
    while (_seen) _seen = LOCK_LOOK(lock) - WRITER; \
  })
static void read_under_lock(void) {
  IN_TURN(1, LOCK_ADD(&tables[0]->lock, READER));
  turn_wait(3);
  use(x);
  LOCK_ADD(&tables[0]->lock, -READER);
}
static void write_under_lock(void) {
  int i = tables[1] == &table;
  turn_wait(2);
  LOCK_WRITE(&tables[i]->lock);
  x++;
  LOCK_ADD(&tables[i]->lock, -WRITER);
}

static void check(void (*a)(void), void (*b)(void)) {
  word = 0, byte = 0, wide = 0, pair[0] = pair[1] = NULL;
  both(a, b);
}

int main(void) {
  check(publish_add, read_add);
  check(publish_swap, read_swap);
  check(publish_replace, read_replace);
  check(publish_replace, read_failed_replace);
  check(publish_increment, read_add);
  check(publish_add, read_swap);
  check(publish_any, read_any);
  check(publish_there, read_there);
  check(publish_there, read_any);
  check(publish_address, read_address);
  check(publish_byte, read_byte);
  check(publish_pointer, read_pointer);
  check(publish_move_byte, read_move_byte);
  check(publish_move_word, read_move_word);
  check(publish_move_int, read_move_int);
  check(publish_move_long, read_move_long);
  check(publish_move_double, read_move_double);
  check(publish_move_pointer, read_move_pointer);
  check(publish_move_pointer, read_move_pointee);
  check(publish_pointer, read_move_page);
  check(publish_move_there, read_move_there);
  check(publish_constant_byte, read_move_byte);
  check(publish_constant_word, read_move_word);
  check(publish_constant_int, read_move_int);
  check(publish_constant_long, read_move_negative);
  check(publish_pair, read_pair);
  check(fence_before, fence_after);
  check(count, count);
  check(count_by_moves, count_by_moves);
  check(read_under_lock, write_under_lock);
  return counted == 80000 && store_and_keep(&table.lock, 1) == 2 && table.lock == 1 ? 0 : 1;
}
