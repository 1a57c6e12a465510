/* Stock of a shop: a small hash map that two deliveries fill at once.
 *
 * The bug: the map is written by two goroutines without a lock.  Their keys are different, and still they share the
 * map's own bookkeeping. */
#include <godwit.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS = 64 };
struct map {
  struct {
    const char *key;
    int value;
  } slots[SLOTS];
  int used;
};

static unsigned hash(const char *key) {
  unsigned h = 5381;
  while (*key) h = h * 33 + (unsigned char)*key++;
  return h;
}

static void map_put(struct map *m, const char *key, int value) {
  unsigned i = hash(key) % SLOTS;
  while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0) i = (i + 1) % SLOTS;
  if (!m->slots[i].key) m->used++;
  m->slots[i].key = key;
  m->slots[i].value = value;
}

static void deliver(struct map *stock, const char *fruit, int crates, gw_waitgroup *done) {
  map_put(stock, fruit, crates);
  gw_waitgroup_done(done);
}

int main(void) {
  static struct map stock;
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 2);
  gw_go(deliver, &stock, "apples", 12, &done);
  gw_go(deliver, &stock, "pears", 7, &done);
  gw_waitgroup_wait(&done);
  printf("%d kinds of fruit\n", stock.used);
}
