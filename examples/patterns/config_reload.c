/* Hot reload: the configuration is an object that nobody changes; a new one takes its place by one atomic store.
 * Readers hold what they have loaded as long as they need it, and count themselves in and out; the last one frees it.
 */
#include "pattern.h"

enum { READERS = 4, RELOADS = 200 };

struct config {
  int references; /* atomic: the place in `current`, and readers */
  int version;    /* constant, like the rest */
  char words[64];
};

/* The lock covers loading the pointer and counting oneself in, a few instructions; what readers do then needs none. */
static gw_rwmutex mu;
static struct config *current;
static int alive; /* atomic */

static struct config *config_make(int version) {
  struct config *c = calloc(1, sizeof *c);
  CHECK(c);
  c->references = 1;
  c->version = version;
  snprintf(c->words, sizeof c->words, "version %d", version);
  __atomic_fetch_add(&alive, 1, __ATOMIC_RELAXED);
  return c;
}

static struct config *config_get(void) {
  gw_rwmutex_rlock(&mu);
  struct config *c = current;
  __atomic_fetch_add(&c->references, 1, __ATOMIC_RELAXED);
  gw_rwmutex_runlock(&mu);
  return c;
}

/* acq_rel: who frees it has seen all that others did with it */
static void config_put(struct config *c) {
  if (__atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL) > 0) return;
  free(c);
  __atomic_fetch_sub(&alive, 1, __ATOMIC_RELAXED);
}

static void reload(int version) {
  struct config *next = config_make(version), *old;
  gw_rwmutex_lock(&mu);
  old = current;
  current = next;
  gw_rwmutex_unlock(&mu);
  config_put(old);
}

static void reader(gw_chan(char) stop, long *reads) {
  int last = 0;
  for (bool more = true; more;) {
    struct config *c = config_get();
    int version = 0;
    CHECK(sscanf(c->words, "version %d", &version) == 1 && version == c->version && version >= last);
    last = version;
    config_put(c);
    ++*reads;
    gw_select {
      gw_on_recv(stop) { more = false; }
      gw_on_default {}
    }
  }
}

int main(void) {
  current = config_make(1);
  gw_chan(char) stop = gw_make(char, 0);
  gw_waitgroup all = {0};
  long reads[READERS] = {0}, sum = 0;
  for (int i = 0; i < READERS; i++) gw_waitgroup_go(&all, reader, stop, &reads[i]);
  for (int v = 2; v <= RELOADS; v++) {
    reload(v);
    if (v % 8 == 0) gw_yield();
  }
  gw_close(stop);
  gw_waitgroup_wait(&all);
  for (int i = 0; i < READERS; i++) sum += reads[i];
  printf("%d reloads, read all along\n", RELOADS);
  CHECK(sum >= READERS && alive == 1 && current->version == RELOADS);
  config_put(current);
  CHECK(alive == 0);
  all_ended();
  gw_chan_free(stop);
}
