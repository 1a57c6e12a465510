/* The GODWIT keys: profiles that are on from the start, and files that are written at exit and on a signal. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/fork.h"
#include "base/options.h"
#include "base/prim.h"
#include "godwit/inspect.h"
#include "godwit/pprof.h"
#include "pprof/cpu.h"
#include "pprof/http.h"
#include "pprof/lock.h"
#include "pprof/snapshot.h"
#include "pprof/write.h"

static struct {
  const char *name, *path;
} files[8];
static int files_n;
static int process;      /* a forked child doesn't overwrite its parent's files */
static struct lock lock; /* one writing at a time */
static uint32_t asked;   /* atomic, futex: signals so far */

static void add_file(const char *name, const char *path) {
  if (!*path) return;
  files[files_n].name = name;
  files[files_n].path = path;
  files_n++;
}

static void write_file(const char *name, const char *path) {
  struct bytes out = {0};
  const char *why = "";
  int r = profile_render(name, 0, &out, &why);
  if (r != 0) {
    gw__warn("no %s profile in %s: %s", name, path, why);
  } else {
    int fd = prim_open_write(path);
    r = fd < 0 ? fd : prim_write_all(fd, out.at, out.n);
    if (fd >= 0) prim_close(fd);
    if (r != 0) gw__warn("can't write the %s profile to %s: %s", name, path, strerror(-r));
  }
  bytes_free(&out);
}

/* Its file at the end is the runtime's affair. */
static void write_trace(unsigned number) {
  char path[4096];
  if (!*gw__opts.trace) return;
  snprintf(path, sizeof path, "%s.%u", gw__opts.trace, number);
  int r = inspect_trace_save(path);
  if (r != 0) gw__warn("can't write the timeline to %s: %s", path, strerror(-r));
}

static void at_exit(void) {
  if (prim_getpid() != process) return;
  lock_take(&lock);
  for (int i = 0; i < files_n; i++) write_file(files[i].name, files[i].path);
  lock_give(&lock);
}

static void on_signal(int sig) {
  (void)sig;
  __atomic_fetch_add(&asked, 1, __ATOMIC_RELEASE); /* pairs with the acquire in signal_helper */
  prim_futex_wake(&asked, 1);
}

/* Writes each file anew per signal: PATH.1, PATH.2 and so on. */
static void signal_helper(void *arg) {
  (void)arg;
  for (uint32_t done = 0;;) {
    while (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == done) prim_futex_wait(&asked, done, -1);
    done++;
    lock_take(&lock);
    for (int i = 0; i < files_n; i++) {
      char path[4096];
      snprintf(path, sizeof path, "%s.%u", files[i].path, done);
      write_file(files[i].name, path);
    }
    write_trace(done);
    lock_give(&lock);
  }
}

static void catch_signal(int sig) {
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = on_signal;
  sa.sa_flags = SA_RESTART | SA_ONSTACK;
  if (sigaction(sig, &sa, NULL) != 0 || inspect_thread_start(signal_helper, NULL) != 0)
    gw__warn("profilesignal=%d: that signal can't be handled", sig);
}

/* The child has none of our threads, and what they held is free. */
static void after_fork(void) {
  heap_after_fork();
  symbols_after_fork();
  snapshot_after_fork();
  cpu_after_fork();
}

/* Before main; options are there already under -race. */
__attribute__((constructor)) static void start(void) {
  options_init();
  fork_base_prepare();
  pthread_atfork(heap_before_fork, heap_after_fork, after_fork);
  const struct options *o = &gw__opts;
  add_file("goroutine", o->goroutineprofile);
  add_file("block", o->blockprofile);
  add_file("mutex", o->mutexprofile);
  add_file("heap", o->heapprofile);
  add_file("threadcreate", o->threadcreateprofile);
  add_file("cpu", o->cpuprofile);
  if (o->blockprofilerate || *o->blockprofile) gw_set_block_profile_rate(o->blockprofilerate ? o->blockprofilerate : 1);
  if (o->mutexprofilefraction || *o->mutexprofile)
    gw_set_mutex_profile_fraction(o->mutexprofilefraction ? (int)o->mutexprofilefraction : 1);
  if (*o->cpuprofile && cpu_begin(0) != 0) gw__warn("cpuprofile: no timer or no thread can be had");
  serve_start();
  if (o->profilesignal && (files_n > 0 || *o->trace)) catch_signal((int)o->profilesignal);
  if (files_n == 0) return;
  process = prim_getpid();
  atexit(at_exit);
}
