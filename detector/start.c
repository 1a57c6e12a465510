/* Start-up, before any constructor of the program, and the end of the process. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/options.h"
#include "base/prim.h"
#include "base/suppress.h"
#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/report.h"
#include "detector/shadow.h"
#include "detector/sync.h"
#include "detector/victim.h"

bool det_ready;
const int __gw_abi_v3 = 3;
uint32_t det_xsave_size;
uint32_t det_collect_every;

static void find_xsave_size(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return;
  if (__get_cpuid_count(13, 0, &a, &b, &c, &d)) det_xsave_size = (b + 63) & ~63u;
}

/* Registered first, so run last of all handlers: what they do is still seen. glibc goes on with the handlers that are
 * left (destructors of shared objects) when exit is called from one, and ends with the new status. */
static void at_exit(int status, void *arg) {
  (void)arg;
  if (gw__opts.atexit_sleep_ms) usleep((useconds_t)(gw__opts.atexit_sleep_ms * 1000));
  int wanted = race_exit_status(status & 0xff);
  if (wanted != status) exit(wanted);
}

void race_init(void) {
  if (det_ready) return;
  options_init();
  prim_membarrier_init();
  find_xsave_size();
  shadow_init();
  depot_init();
  composite_init();
  context_init();
  epoch_init();
  victim_init();
  sync_init();
  order_init();
  report_init();
  det_thread_init();
  det_ready = true;
  race_self();
  on_exit(at_exit, NULL);
  suppress_init();
}

void race_hide_threads(bool hide) {
  struct det_thread *t = det_self ? det_self : det_adopt();
  t->hidden += hide ? 1 : -1u;
}

/* Run by the dynamic linker (or libc's start-up, in a static program) before all constructors, libc's own included: the
 * environment is ours to look up still. */
static void preinit(int argc, char **argv, char **envp) {
  (void)argc;
  (void)argv;
  if (!environ) environ = envp;
  race_init();
}
__attribute__((section(".preinit_array"), used)) static void (*const at_start)(int, char **, char **) = preinit;
