/* Signals that end the process, told with the goroutines.
 *
 * - A fault in the guard of a goroutine's stack is an overflow: told with the goroutine and what helps.
 * - Any other fault is told as Go does it, and then happens again without us, so that the process dies by the signal
 * and leaves its core.  A program that had a handler of its own before us gets the fault instead.
 * - SIGQUIT: the monitor tells all goroutines, as a handler may have interrupted anything (sysmon.c).
 * The handlers run on a stack of their own, one for each thread. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/options.h"
#include "dump.h"
#include "g.h"
#include "symbol.h"
#include "trace.h"

enum { STACK_BYTES = 64 * 1024 };

static const struct fault {
  int sig;
  const char *name, *words; /* Go's */
} faults[] = {{SIGSEGV, "SIGSEGV", "segmentation violation"},
              {SIGBUS, "SIGBUS", "bus error"},
              {SIGFPE, "SIGFPE", "floating-point exception"},
              {SIGILL, "SIGILL", "illegal instruction"}};
enum { FAULTS = sizeof faults / sizeof faults[0] };

static struct prim_handler before[FAULTS], before_quit;
static sigset_t mask;    /* of the thread that started the scheduler */
static uint32_t telling; /* atomic: the thread that tells a fault */

static struct {
  uint32_t asked; /* atomic: release by the handler, acquire by the monitor */
  struct dump_from at;
  uintptr_t handler; /* the handler's frame */
  uint32_t m;
  int code;
} quit;

void stack_overflow_line(const struct g *g, uintptr_t pc) {
  char line[384];
  struct symbol s = {.function = ""};
  bool known = pc && symbol_find(pc, &s) && s.function[0];
  int n =
      snprintf(line, sizeof line,
               "godwit: goroutine %llu exceeds its stack of %lld bytes%s%s; GODWIT=stack_size=%lld gives each more\n",
               (unsigned long long)g->id, (long long)gw__opts.stack_size, known ? " in " : "", s.function,
               (long long)gw__opts.stack_size * 4);
  prim_write_all(2, line, (size_t)n);
}

/* The innermost place that isn't ours: of what the program called, we may have been the last straw. */
static uintptr_t user_pc(struct dump_from from) {
  uintptr_t pcs[16];
  int n = stack_walk(from.pc, from.fp, from.fp, UINTPTR_MAX, pcs, 16), i = 0;
  while (i < n && code_is_ours(pcs[i])) i++;
  return i < n ? pcs[i] : 0;
}

static struct dump_from registers(const void *context) {
  const greg_t *r = ((const ucontext_t *)context)->uc_mcontext.gregs;
  return (struct dump_from){(uintptr_t)r[REG_RIP], (uintptr_t)r[REG_RBP], (uintptr_t)r[REG_RSP]};
}

static void tell(const struct fault *f, const siginfo_t *info, struct g *g) {
  char head[256];
  int n = 0;
  bool memory = f->sig == SIGSEGV || f->sig == SIGBUS;
  if (memory) n = snprintf(head, sizeof head, "unexpected fault address 0x%zx\n", (size_t)info->si_addr);
  snprintf(head + n, sizeof head - (size_t)n, "fatal error: %s\n[signal %s: %s code=0x%x addr=0x%zx pc=0x%zx]\n",
           memory ? "fault" : "unexpected signal", f->name, f->words, (unsigned)info->si_code, (size_t)info->si_addr,
           dump_from.pc);
  dump_fault(g, head);
}

/* One thread tells; another that faults meanwhile waits for the end, and a fault in the telling ends it. */
static bool tell_alone(void) {
  uint32_t none = 0, self = prim_gettid(), never = 0;
  if (__atomic_compare_exchange_n(&telling, &none, self, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return true;
  while (none != self) prim_futex_wait(&never, 0, -1);
  return false;
}

static bool handled(const struct prim_handler *h) { return h->f && (uintptr_t)h->f != (uintptr_t)SIG_IGN; }

static void on_fault(int sig, void *arg, void *context) {
  const siginfo_t *info = arg;
  int i = 0;
  while (faults[i].sig != sig) i++;
  bool real = info->si_code > 0; /* not sent by somebody */
  struct g *overflown = real && sig == SIGSEGV ? g_guarding((uintptr_t)info->si_addr) : NULL;
  if (handled(&before[i]) && !overflown) {
    prim_handler_call(&before[i], sig, arg, context);
    return;
  }
  if (real && tell_alone()) {
    dump_from = registers(context);
    if (overflown) {
      stack_overflow_line(overflown, user_pc(dump_from));
      fatal_error("stack overflow", NULL, (struct race_at){0, 0});
    }
    struct g *g = g_tls();
    tell(&faults[i], info, g && g->id ? g : NULL);
    trace_write();
  }
  prim_handler_restore(sig, &before[i]);
  if (!real) prim_signal_self(sig, NULL); /* it doesn't happen again by itself */
}

static void on_quit(int sig, void *arg, void *context) {
  (void)sig;
  struct g *g = g_tls();
  quit.at = registers(context);
  quit.handler = (uintptr_t)__builtin_frame_address(0);
  quit.m = g && g->m ? g->m->id : 0;
  quit.code = ((const siginfo_t *)arg)->si_code;
  __atomic_store_n(&quit.asked, 1, __ATOMIC_RELEASE);
  sysmon_poke();
}

void signals_quit(void) {
  if (LIKELY(!__atomic_load_n(&quit.asked, __ATOMIC_ACQUIRE))) return; /* pairs with the release in on_quit */
  char head[128];
  snprintf(head, sizeof head, "SIGQUIT: quit\nPC=0x%zx m=%u sigcode=%d\n", quit.at.pc, quit.m, quit.code);
  dump_quit(head, quit.handler, &quit.at);
  trace_write();
  prim_exit(race_exit_status(2));
}

void signals_stack_install(void) {
  stack_t old;
  if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE)) return;
  stack_t ss = {.ss_sp = arena_alloc(STACK_BYTES), .ss_size = STACK_BYTES};
  sigaltstack(&ss, NULL);
}

void signals_thread_begin(void) {
  pthread_sigmask(SIG_SETMASK, &mask, NULL); /* sysmon, which blocks all, starts threads too */
  signals_stack_install();
}

void signals_install(void) {
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  static bool done; /* guarded by the scheduler's starting once; a forked child has inherited the handlers */
  if (done) return;
  done = true;
  for (int i = 0; i < FAULTS; i++) prim_handler_set(faults[i].sig, on_fault, &before[i]);
  /* A program that handles SIGQUIT goes on doing so; that it is ignored is the shell's doing, as for all it runs in the
   * background: as in Go it isn't any more. */
  if (prim_handler_set(SIGQUIT, on_quit, &before_quit) == 0 && handled(&before_quit))
    prim_handler_restore(SIGQUIT, &before_quit);
  signals_stack_install();
}
