/* SIGSEGV in the guard of a goroutine's stack is an overflow: told with the goroutine and what helps.  Any other goes
 * to who had the signal before us. The handler runs on a stack of its own, one for each thread. */
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

enum { STACK_BYTES = 64 * 1024 };

static struct sigaction before;
static sigset_t mask; /* of the thread that started the scheduler */

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

static _Noreturn void tell_overflow(struct g *g, const ucontext_t *at) {
  dump_from = (struct dump_from){(uintptr_t)at->uc_mcontext.gregs[REG_RIP], (uintptr_t)at->uc_mcontext.gregs[REG_RBP]};
  stack_overflow_line(g, user_pc(dump_from));
  fatal_error("stack overflow", NULL, (struct race_at){0, 0});
}

static void pass_on(int sig, siginfo_t *info, void *context) {
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(sig, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(sig);
  } else {
    sigaction(sig, &before, NULL);      /* the access faults again */
    if (info->si_code <= 0) raise(sig); /* sent by somebody: it doesn't */
  }
}

static void on_fault(int sig, siginfo_t *info, void *context) {
  struct g *g = info->si_code > 0 ? g_guarding((uintptr_t)info->si_addr) : NULL;
  if (g) tell_overflow(g, context);
  pass_on(sig, info, context);
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
  static bool done; /* guarded by the scheduler's starting once; a forked child has inherited the handler */
  if (done) return;
  done = true;
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = on_fault;
  sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &sa, &before);
  signals_stack_install();
}
