/* NO RACE */
/* C's atomics where the page can't be accessed yet, or only be read: the handler of the fault may access the same line,
 * fork, and be left by a jump.  Nothing of the detector's is held meanwhile, and what is published comes with it. */
#include "pairs.h"

#pragma clang diagnostic ignored "-Watomic-alignment" /* 16 bytes */

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
static atomic_int *page;
static sigjmp_buf out;
static volatile sig_atomic_t faults, told;
static long guarded;
static bool relaxed_only; /* the line has no object of the detector's yet */

static void on_told(int sig) { told += sig == SIGUSR1; }

/* Atomics and plain accesses of its own to the line, and a fork, which waits until nobody is inside the detector. */
static void open_page(int sig) {
  int status;
  MUST(sig == SIGSEGV);
  faults++;
  MUST(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
  ((int *)page)[2] = ((int *)page)[3] + 1;
  if (!relaxed_only) atomic_fetch_add(&page[5], 1);
  pid_t child = fork();
  if (child == 0) _exit(0);
  MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}
static void jump_out(int sig) {
  (void)sig;
  faults++;
  siglongjmp(out, 1);
}

/* With an object of the line's, and with none. */
static int load(void) { return atomic_load(&page[0]); }
static int load_relaxed(void) { return atomic_load_explicit(&page[0], memory_order_relaxed); }
static int store(void) { return atomic_store(&page[0], 1), 0; }
static int store_relaxed(void) { return atomic_store_explicit(&page[0], 1, memory_order_relaxed), 0; }
static int add(void) { return atomic_fetch_add(&page[0], 1); }
static int add_relaxed(void) { return atomic_fetch_add_explicit(&page[0], 1, memory_order_relaxed); }
static int replace(void) {
  int old = atomic_load(&page[0]);
  MUST(mprotect(page, PAGE, PROT_READ) == 0);
  return atomic_compare_exchange_strong(&page[0], &old, old + 1);
}
static int (*const operations[])(void) = {load_relaxed, store_relaxed, add_relaxed, load, store, add, replace};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static void faulting(void (*handler)(int), int rights) {
  MUST(signal(SIGSEGV, handler) != SIG_ERR);
  MUST(mprotect(page, PAGE, rights) == 0);
}

/* 128 bits and a line that is used again. */
__attribute__((target("cx16"))) static void wide(void) {
  static __int128 v;
  __int128 *w = (__int128 *)(void *)(page + 8);
  faulting(open_page, PROT_NONE);
  __atomic_store_n(w, v + 1, __ATOMIC_SEQ_CST);
  faulting(open_page, PROT_NONE);
  MUST(__atomic_load_n(w, __ATOMIC_SEQ_CST) == 1);
}

static void *read_guarded(void *p) {
  turn_wait(2);
  MUST(atomic_load(&page[0]) == 77 && guarded == 1);
  return p;
}

/* What is published by an operation that had to be made again. */
static void publish(void) {
  pthread_t t;
  turn_restart();
  MUST(pthread_create(&t, NULL, read_guarded, NULL) == 0);
  guarded = 1;
  faulting(open_page, PROT_READ);
  atomic_store(&page[0], 77);
  turn_done();
  MUST(pthread_join(t, NULL) == 0);
}

static void map(void) {
  page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(page != MAP_FAILED);
}

int main(void) {
  int before;
  MUST(signal(SIGUSR1, on_told) != SIG_ERR);
  map();
  for (int i = 0; i < 2 * OPERATIONS; i++) {
    relaxed_only = i < 3;
    before = faults;
    faulting(open_page, PROT_READ | PROT_WRITE);
    operations[i % OPERATIONS](); /* so that it is recorded already, if its order lets it be */
    MUST(mprotect(page, PAGE, PROT_NONE) == 0);
    operations[i % OPERATIONS]();
    MUST(faults > before && ((int *)page)[2] == 1);
    MUST(raise(SIGUSR1) == 0 && told == i + 1); /* nobody is inside */
  }
  wide();
  publish();
  for (int i = 0; i < 2 * OPERATIONS; i++) {
    if (i == OPERATIONS) map(); /* a line without an object */
    before = faults;
    faulting(jump_out, PROT_NONE);
    if (sigsetjmp(out, 1) == 0) operations[i % OPERATIONS]();
    MUST(faults == before + 1);
    faulting(jump_out, PROT_READ | PROT_WRITE);
    atomic_fetch_add(&page[0], 1); /* the line is free */
    ((int *)page)[2] = 2;
    told = 0;
    MUST(raise(SIGUSR1) == 0 && told == 1);
  }
}
