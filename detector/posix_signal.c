/* Signal handlers never run while their thread is inside the detector, or has stopped the others.
 *
 * The kernel calls on_signal for all of the program's handlers.  A signal that arrives inside the detector is kept, and
 * sent again to the thread by itself as it leaves: the kernel then builds a new frame, which saves the vector registers
 * that the detector's callers hold and gives the handler its usual context and mask.  Signals that an instruction
 * raises run at once: there is nothing to go back to; so does abort's.  SA_RESETHAND is done here, as a kept signal
 * arrives twice.
 *
 * Rejected: calling the handler from the detector's exit.  It would need the caller's vector registers saved there, a
 * context made up, and its own handling of masks.
 */
#include "detector/posix.h"

#include "base/mem.h"

/* What the program asked for: its handler and two of its flags, in one word so that both change at once. */
#define IS_INFO ((uintptr_t)1 << 63)
#define IS_RESET ((uintptr_t)1 << 62)
#define HANDLER(word) ((word) & ~(IS_INFO | IS_RESET))
static uintptr_t actions[NSIG]; /* atomic */

enum { KEPT_MAX = 4 };
static __attribute__((tls_model("initial-exec"))) _Thread_local struct {
  siginfo_t info[KEPT_MAX];
  uint32_t n;
  int process; /* that the last one came to */
} kept;

/* An instruction raised it: such a signal is the system's own, and not sent by anybody. */
static bool is_fault(int sig, const siginfo_t *info) {
  return info->si_code > 0 &&
         (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP || sig == SIGSYS);
}

/* With more kept than fit, like signals become one, as the kernel does. */
static void keep(int sig, const siginfo_t *info) {
  if (kept.n < KEPT_MAX) mem_copy(&kept.info[kept.n++], info, sizeof *info);
  det_self->deferred_signals |= (uint64_t)1 << (sig - 1);
  kept.process = prim_getpid();
}

void det_signals_after_fork(void) {
  if (!det_self || kept.process == prim_getpid()) return;
  kept.n = 0;
  det_self->deferred_signals = 0;
}

/* On a slow path of the detector: the caller's vector registers are live. */
#define GENERAL_REGISTERS __attribute__((target("general-regs-only")))

GENERAL_REGISTERS static bool take(siginfo_t *info) {
  uint64_t *bits = &det_self->deferred_signals;
  if (kept.n > 0) {
    const siginfo_t *last = &kept.info[--kept.n];
    *bits &= ~((uint64_t)1 << (last->si_signo - 1));
    mem_copy(info, last, sizeof *info);
    return true;
  }
  if (!*bits) return false;
  mem_zero(info, sizeof *info);
  info->si_signo = __builtin_ctzll(*bits) + 1;
  info->si_code = SI_TKILL;
  *bits &= *bits - 1;
  return true;
}

/* The thread left the detector.  A handler may run within this call, and enter it again. */
GENERAL_REGISTERS void race_run_deferred_signals(void) {
  siginfo_t info;
  info.si_signo = 0;
  while (!race_in_detector() && take(&info)) prim_signal_self(info.si_signo, &info);
}

static void reset(int sig) {
  struct sigaction dfl = {.sa_handler = SIG_DFL};
  gw__real.sigaction(sig, &dfl, NULL);
}

/* What a handler does has the place that it interrupted in its stack, so that is part of the calling context. */
static void enter_context(struct race_g *g, const ucontext_t *context) {
  const greg_t *r = context->uc_mcontext.gregs;
  uint32_t interrupted = race_stack_here(g, (struct race_at){(uintptr_t)r[REG_RIP], (uintptr_t)r[REG_RBP]});
  __gw_tls.calls = (__gw_tls.calls ^ interrupted) * 0x9E3779B97F4A7C15u;
}

static void on_signal(int sig, siginfo_t *info, void *context) {
  const bool fault = is_fault(sig, info);
  if (!fault && sig != SIGABRT && race_in_detector()) {
    keep(sig, info);
    return;
  }
  if (fault) det_atomic_faulted();
  uintptr_t word = __atomic_load_n(&actions[sig], __ATOMIC_ACQUIRE);
  if (!HANDLER(word)) return; /* taken back while it was on its way */
  if (word & IS_RESET) reset(sig);
  int before = errno;
  uint64_t calls = __gw_tls.calls;
  struct race_g *g = race_in_detector() ? NULL : posix_self();
  if (g) {
    race_acquire(g, &actions[sig]);
    if (info->si_code != SI_USER && info->si_code != SI_TKILL && info->si_code != SI_QUEUE)
      race_acquire(g, &det_behind);
    enter_context(g, context);
  }
  errno = before;
  if (word & IS_INFO)
    ((void (*)(int, siginfo_t *, void *))HANDLER(word))(sig, info, context);
  else
    ((void (*)(int))HANDLER(word))(sig);
  __gw_tls.calls = calls;
}

static bool is_function(const struct sigaction *a) { return a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN; }

static uintptr_t word_of(const struct sigaction *a) {
  return (uintptr_t)a->sa_handler | (a->sa_flags & SA_SIGINFO ? IS_INFO : 0) |
         (a->sa_flags & SA_RESETHAND ? IS_RESET : 0);
}

/* What the program had asked for, from what the kernel says and our word for it. */
static void restore_old(struct sigaction *old, uintptr_t word) {
  if (old->sa_sigaction != on_signal) return;
  old->sa_handler = (void (*)(int))HANDLER(word);
  if (!(word & IS_INFO)) old->sa_flags &= ~SA_SIGINFO;
  if (word & IS_RESET) old->sa_flags |= (int)SA_RESETHAND;
}

/* Our word goes first: the kernel may call as soon as it knows. */
static int set_action(int sig, const struct sigaction *act, struct sigaction *old) {
  uintptr_t before = __atomic_load_n(&actions[sig], __ATOMIC_RELAXED);
  struct sigaction ours, *give = NULL;
  if (act) {
    ours = *act;
    give = &ours;
    if (is_function(act)) {
      __atomic_store_n(&actions[sig], word_of(act), __ATOMIC_RELEASE);
      ours.sa_sigaction = on_signal;
      ours.sa_flags = (int)(((unsigned)act->sa_flags | SA_SIGINFO) & ~SA_RESETHAND);
    }
  }
  struct race_g *g = act ? posix_self() : NULL;
  if (g) race_release_merge(g, &actions[sig]);
  int r = gw__real.sigaction(sig, give, old);
  if (r != 0 && act) __atomic_store_n(&actions[sig], before, __ATOMIC_RELEASE);
  if (r == 0 && old) restore_old(old, before);
  return r;
}

int __gw_i_sigaction(int sig, const struct sigaction *act, struct sigaction *old) {
  if (sig < 1 || sig >= NSIG) return gw__real.sigaction(sig, act, old);
  return set_action(sig, act, old);
}

/* BSD's meaning, as glibc's. */
sighandler_t __gw_i_signal(int sig, sighandler_t f) {
  struct sigaction act = {.sa_handler = f, .sa_flags = SA_RESTART}, old;
  if (sig < 1 || sig >= NSIG) return gw__real.signal(sig, f);
  sigaddset(&act.sa_mask, sig);
  return set_action(sig, &act, &old) == 0 ? old.sa_handler : SIG_ERR;
}
