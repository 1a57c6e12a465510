/* What gw_leak_check says while the program runs: argv[1] chooses what was done before, argv[2] is what to wait for. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../include/parked.h"

static int ends[2];
static unsigned long room;

static void receive(gw_chan(int) c) { gw_recv(c); }
static void send(gw_chan(int) c) { gw_send(c, 1); }
static void reads(void) {
  char buffer[room];
  gw_read(ends[0], buffer, 1);
}

static __attribute__((noinline)) void lose_sender(void) { gw_go(send, gw_make(int, 0)); }

/* Who reads from a pipe has a large buffer, on a stack that others used; and parks after the leaked one, or before. */
static void beside_readers(void) {
  for (room = 16; room <= 4096; room *= 2) {
    gw_go(reads);
    gw_yield();
    lose_sender();
    gw_yield();
    gw_go(reads);
    gw_yield();
  }
}

/* What it started with stays in nobody's frame. */
static void from_here(void) { gw_go(receive, gw_make(int, 0)); }

/* Each word of a large block points into that block, and there are a million small ones. */
static void much_memory(void) {
  static struct link {
    struct link *next;
  } *all;
  static void **block;
  size_t n = 4 << 20;
  block = malloc(n * sizeof *block);
  for (size_t i = 0; i < n; i++) block[i] = &block[i * 7919 % n];
  for (int i = 0; i < 1000000; i++) {
    struct link *link = malloc(sizeof *link + (size_t)i % 64);
    link->next = all;
    all = link;
  }
  lose_sender();
}

/* Only a block that only another block knows has the channel. */
static void known_to_the_heap(void) {
  struct holder {
    struct holder *next;
    gw_chan(int) c;
  };
  static struct holder *first;
  for (int i = 0; i < 1000; i++) {
    struct holder *h = malloc(sizeof *h + (size_t)(i % 7) * 1000);
    *h = (struct holder){first, gw_make(int, 0)};
    gw_go(receive, h->c);
    first = h;
  }
}

static gw_mutex mu;
static void lock_twice_in_turn(gw_chan(int) between) {
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  gw_send(between, 1);
  gw_recv(between);
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
}

/* What the first step of a lock does. */
UNSEEN void take_and_say_nothing(gw_mutex *m) { __atomic_fetch_or(&m->gw__state, 1, __ATOMIC_ACQUIRE); }

/* One who has just taken a lock and whose thread is held up before he can say so; the one before him waits for him, not
 * for himself. */
static void about_to_hold(void) {
  gw_chan(int) between = gw_make(int, 0);
  gw_go(lock_twice_in_turn, between);
  gw_recv(between);
  take_and_say_nothing(&mu);
  gw_send(between, 1);
  await_parked(1, "sync.Mutex.Lock");
}

/* One whose thread is in a handler, on a stack below all others. */
static char handlers_stack[64 << 10];
static bool in_handler;
static void handle(int signal) {
  (void)signal;
  __atomic_store_n(&in_handler, true, __ATOMIC_RELEASE);
  for (;;) pause();
}
static void nothing(void) {}
static void stay_in_handler(void) {
  stack_t s = {.ss_sp = handlers_stack, .ss_size = sizeof handlers_stack};
  struct sigaction h = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
  if (sigaltstack(&s, NULL) == 0 && sigaction(SIGUSR1, &h, NULL) == 0) raise(SIGUSR1);
}
static void beside_handler(void) {
  gw_go(nothing); /* main is a goroutine from now on, and keeps its thread for itself */
  gw_lock_os_thread();
  gw_go(stay_in_handler);
  while (!__atomic_load_n(&in_handler, __ATOMIC_ACQUIRE)) gw_yield();
  lose_sender();
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } cases[] = {{"beside_readers", beside_readers}, {"from_here", from_here},
               {"much_memory", much_memory},       {"known_to_the_heap", known_to_the_heap},
               {"about_to_hold", about_to_hold},   {"beside_handler", beside_handler}};
  if (argc < 3 || pipe(ends) != 0) return 64;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (strcmp(argv[1], cases[i].name) == 0) cases[i].run();
  int want = atoi(argv[2]), found = 0;
  for (int looks = 0; looks < 3 || (found < want && looks < 1000); looks++) {
    gw_sleep(GW_MS); /* until all are parked */
    found = gw_leak_check();
    if (found > want) break;
  }
  printf("%d leaked\n", found);
  return 0;
}
