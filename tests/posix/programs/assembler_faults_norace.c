/* NO RACE */
/* Inline assembler that locks the bus where the page can't be accessed yet: the handler of the fault may access the
 * same line, fork, and be left by a jump.  Nothing of the detector's is held meanwhile. */
#include "pairs.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
static volatile int *page;
static sigjmp_buf out;
static volatile sig_atomic_t faults, told;
static long guarded;

static void increment(volatile int *p) { __asm__ volatile("lock; incl %0" : "+m"(*p) : : "memory", "cc"); }
static int replace(volatile int *p, int old, int next) {
  unsigned char done;
  __asm__ volatile("lock; cmpxchgl %3, %1; sete %0" : "=a"(done) : "m"(*p), "a"(old), "r"(next) : "memory", "cc");
  return done;
}

static void on_told(int sig) { told += sig == SIGUSR1; }

/* Assembler of its own, accesses to the line, and a fork, which waits until nobody is inside the detector. */
static void open_page(int sig) {
  int status;
  MUST(sig == SIGSEGV);
  faults++;
  MUST(mprotect((void *)(uintptr_t)page, PAGE, PROT_READ | PROT_WRITE) == 0);
  page[1] = page[2] + 1;
  increment(&page[3]);
  pid_t child = fork();
  if (child == 0) _exit(0);
  MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}
static void jump_out(int sig) {
  (void)sig;
  faults++;
  siglongjmp(out, 1);
}

static void faulting(void (*handler)(int), int rights) {
  MUST(signal(SIGSEGV, handler) != SIG_ERR);
  MUST(mprotect((void *)(uintptr_t)page, PAGE, rights) == 0);
}

/* What it publishes comes with it all the same. */
static void *read_guarded(void *p) {
  turn_wait(2);
  MUST(replace(&page[0], 4, 5) && guarded == 1);
  return p;
}

int main(void) {
  pthread_t t;
  page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(page != MAP_FAILED && signal(SIGUSR1, on_told) != SIG_ERR);
  faulting(open_page, PROT_READ);
  increment(&page[0]);
  faulting(open_page, PROT_NONE);
  increment(&page[0]);
  faulting(open_page, PROT_NONE);
  MUST(replace(&page[0], 2, 3));
  turn_restart();
  MUST(pthread_create(&t, NULL, read_guarded, NULL) == 0);
  guarded = 1;
  faulting(open_page, PROT_READ);
  MUST(replace(&page[0], 3, 4) && faults == 4 && page[1] == 1 && page[3] == 4);
  turn_done();
  MUST(pthread_join(t, NULL) == 0);
  for (int i = 0; i < 2; i++) {
    faulting(jump_out, i ? PROT_READ : PROT_NONE);
    if (sigsetjmp(out, 1) == 0) increment(&page[0]);
    faulting(jump_out, PROT_READ | PROT_WRITE);
    increment(&page[0]); /* the line is free */
    MUST(raise(SIGUSR1) == 0 && told == i + 1);
  }
  MUST(faults == 6 && page[0] == 7);
}
