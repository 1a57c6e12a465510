/* Contexts: what ends, when, why, and in which order they may be freed. */
#include "check.h"

#include <unistd.h>

static unsigned seed = 1;
static int below(int n) {
  seed = seed * 1103515245u + 12345u;
  return (int)((seed >> 8) % (unsigned)n);
}

static bool is_done(gw_ctx *c) {
  bool ok = true;
  return gw_try_recv_ok(gw_ctx_done(c), NULL, &ok) && !ok;
}
static bool ended(gw_ctx *c, int err) { return gw_ctx_err(c) == err && is_done(c); }
static bool lives(gw_ctx *c) { return gw_ctx_err(c) == 0 && !is_done(c); }

static void the_background(void) {
  gw_ctx *bg = gw_ctx_background();
  CHECK(bg == gw_ctx_background() && gw_ctx_err(bg) == 0 && gw_ctx_deadline(bg) == INT64_MAX);
  CHECK(gw_ctx_done(bg) == NULL && gw_ctx_value(bg, &seed) == NULL);
  gw_ctx_cancel(bg);
  CHECK(gw_ctx_ref(bg) == bg);
  gw_ctx_free(bg);
  gw_ctx_free(NULL);
  CHECK(gw_ctx_err(bg) == 0);
}

/* ---- random trees ---- */

enum { NODES = 60 };
struct tree {
  gw_ctx *c[NODES];
  int parent[NODES]; /* -1: the background */
  void *value[NODES];
  int64_t deadline[NODES];
};
static int keys[3];

static void tree_make(struct tree *t) {
  for (int i = 0; i < NODES; i++) {
    int up = t->parent[i] = i < 3 ? -1 : below(i + 1) - 1;
    gw_ctx *parent = up < 0 ? gw_ctx_background() : t->c[up];
    int64_t far = gw_now() + (1000 + below(1000)) * GW_S, before = up < 0 ? INT64_MAX : t->deadline[up];
    t->value[i] = NULL;
    t->deadline[i] = before;
    switch (below(4)) {
      case 0:
        t->c[i] = gw_ctx_with_deadline(parent, far);
        t->deadline[i] = far < before ? far : before;
        break;
      case 1:
        t->value[i] = &t->c[i];
        t->c[i] = gw_ctx_with_value(parent, &keys[i % 3], t->value[i]);
        break;
      default:
        t->c[i] = gw_ctx_with_cancel(parent);
    }
    if (below(2)) gw_ctx_done(t->c[i]); /* made before or after the end */
  }
}

static bool below_or_same(const struct tree *t, int i, int top) {
  while (i >= 0 && i != top) i = t->parent[i];
  return i == top;
}

static void *value_of(const struct tree *t, int i, int key) {
  for (; i >= 0; i = t->parent[i])
    if (t->value[i] && i % 3 == key) return t->value[i];
  return NULL;
}

static void tree_free(struct tree *t) {
  for (int left = NODES; left > 0; left--) {
    int pick = below(left);
    gw_ctx_free(t->c[pick]);
    t->c[pick] = t->c[left - 1];
  }
}

static void cancellation_goes_down_and_nowhere_else(void) {
  for (int round = 0; round < 50; round++) {
    struct tree t;
    int err[NODES] = {0};
    tree_make(&t);
    for (int cancels = 0; cancels < 10; cancels++) {
      int top = below(NODES);
      gw_ctx_cancel(t.c[top]);
      for (int i = 0; i < NODES; i++) {
        if (below_or_same(&t, i, top)) err[i] = GW_CANCELED;
        CHECK(err[i] ? ended(t.c[i], err[i]) : lives(t.c[i]));
      }
    }
    for (int i = 0; i < NODES; i++) {
      CHECK(gw_ctx_deadline(t.c[i]) == t.deadline[i]);
      for (int k = 0; k < 3; k++) CHECK(gw_ctx_value(t.c[i], &keys[k]) == value_of(&t, i, k));
      CHECK(gw_ctx_value(t.c[i], &t) == NULL);
    }
    tree_free(&t);
  }
}

/* The last owner's end is a cancellation; what derives from it may be used on. */
static void frees_in_any_order(void) {
  for (int round = 0; round < 50; round++) {
    struct tree t;
    bool gone[NODES] = {0};
    tree_make(&t);
    for (int i = 0; i < NODES; i += 5) gw_ctx_ref(t.c[i]);
    for (int frees = 0; frees < NODES; frees++) {
      int top = below(NODES);
      if (gone[top]) continue;
      gw_ctx_free(t.c[top]);
      if (top % 5 == 0) {
        CHECK(gw_ctx_deadline(t.c[top]) == t.deadline[top]); /* another owner has it */
        gw_ctx_free(t.c[top]);
      }
      gone[top] = true;
      for (int i = 0; i < NODES; i++) {
        if (gone[i]) continue;
        bool above = false;
        for (int up = i; up >= 0; up = t.parent[up]) above |= gone[up];
        CHECK(above ? ended(t.c[i], GW_CANCELED) : lives(t.c[i]));
      }
    }
    for (int i = 0; i < NODES; i++)
      if (!gone[i]) {
        CHECK(gw_ctx_value(t.c[i], &keys[0]) == value_of(&t, i, 0)); /* also from those that are freed */
        if (i % 5 == 0) gw_ctx_free(t.c[i]);
        gw_ctx_free(t.c[i]);
      }
  }
}

/* ---- time ---- */

/* A context that ends in ns, and one derived from it that was canceled before; *canceled is NULL if that came too late.
 */
static gw_ctx *ends_after_cancel(int64_t ns, gw_ctx **canceled) {
  gw_ctx *soon = gw_ctx_with_timeout(gw_ctx_background(), ns);
  *canceled = gw_ctx_with_cancel(soon);
  gw_ctx_cancel(*canceled);
  if (gw_ctx_err(soon) == 0) return soon;
  gw_ctx_free(*canceled);
  *canceled = NULL;
  return soon;
}

static void deadlines(void) {
  int64_t start = gw_now(), ns = 5 * GW_MS;
  gw_ctx *canceled, *soon;
  while (soon = ends_after_cancel(ns, &canceled), !canceled) { /* a slower machine */
    gw_ctx_free(soon);
    start = gw_now();
    ns *= 2;
  }
  gw_ctx *below_it = gw_ctx_with_cancel(soon), *later = gw_ctx_with_timeout(soon, 1000 * GW_S);
  CHECK(gw_ctx_deadline(later) == gw_ctx_deadline(soon) && gw_ctx_deadline(soon) >= start + ns);
  gw_recv(gw_ctx_done(soon));
  CHECK(gw_now() - start >= ns);
  gw_recv(gw_ctx_done(later)); /* one after the other */
  gw_recv(gw_ctx_done(below_it));
  CHECK(ended(soon, GW_DEADLINE_EXCEEDED) && ended(below_it, GW_DEADLINE_EXCEEDED));
  CHECK(ended(later, GW_DEADLINE_EXCEEDED) && ended(canceled, GW_CANCELED));
  gw_ctx_cancel(soon);
  CHECK(ended(soon, GW_DEADLINE_EXCEEDED)); /* the first reason stays */
  gw_ctx *born = gw_ctx_with_cancel(soon), *born_value = gw_ctx_with_value(later, &seed, &seed);
  CHECK(ended(born, GW_DEADLINE_EXCEEDED) && ended(born_value, GW_DEADLINE_EXCEEDED));
  gw_ctx *earlier = gw_ctx_with_timeout(gw_ctx_background(), 1000 * GW_S);
  gw_ctx *earliest = gw_ctx_with_timeout(earlier, 2 * GW_MS);
  gw_recv(gw_ctx_done(earliest));
  CHECK(ended(earliest, GW_DEADLINE_EXCEEDED) && lives(earlier));
  gw_ctx *past = gw_ctx_with_deadline(earlier, gw_now() - 1), *negative = gw_ctx_with_timeout(earlier, -5);
  CHECK(ended(past, GW_DEADLINE_EXCEEDED) && ended(negative, GW_DEADLINE_EXCEEDED));
  gw_ctx *far = gw_ctx_with_timeout(gw_ctx_background(), INT64_MAX);
  CHECK(gw_ctx_deadline(far) == INT64_MAX && lives(far));
  gw_ctx *all[] = {soon, below_it, later, canceled, born, born_value, earlier, earliest, past, negative, far};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) gw_ctx_free(all[i]);
}

/* Timers that fire beside cancels and frees: no crash, one reason that stays. */
static void ends_from_two_sides(void) {
  for (int i = 0; i < 300; i++) {
    gw_ctx *c = gw_ctx_with_timeout(gw_ctx_background(), below(100) * GW_US);
    gw_ctx *d = gw_ctx_with_timeout(c, below(100) * GW_US);
    for (int spin = below(2000); spin > 0; spin--) __asm__ volatile("" ::: "memory");
    if (below(3) == 0) gw_sleep(below(100) * GW_US);
    if (below(2)) gw_ctx_cancel(c);
    int err = gw_ctx_err(c), of_d = gw_ctx_err(d);
    CHECK(!err || gw_ctx_err(c) == err);
    CHECK(!of_d || gw_ctx_err(d) == of_d);
    gw_ctx_free(below(2) ? c : gw_ctx_ref(c));
    gw_ctx_free(d);
  }
  gw_sleep(2 * GW_MS);
}

/* ---- many goroutines ---- */

static struct tree shared;

static void canceler(unsigned mine) {
  for (int k = 0; k < 20; k++) {
    mine = mine * 1103515245u + 12345u;
    int top = (int)((mine >> 8) % NODES);
    gw_ctx_cancel(shared.c[top]);
    for (int i = 0; i < NODES; i++)
      if (below_or_same(&shared, i, top)) CHECK(gw_ctx_err(shared.c[i]) == GW_CANCELED); /* when cancel has returned */
  }
}

static void cancels_side_by_side(void) {
  for (int round = 0; round < 30; round++) {
    tree_make(&shared);
    gw_waitgroup all = {0};
    for (unsigned i = 0; i < 6; i++) gw_waitgroup_go(&all, canceler, seed + i);
    gw_waitgroup_wait(&all);
    tree_free(&shared);
  }
}

static void waiter(gw_ctx *c, gw_chan(int) woken) {
  gw_select {
    gw_on_recv(gw_ctx_done(c)) {}
    gw_on_after(100 * GW_S) { CHECK(!"not woken"); }
  }
  gw_send(woken, gw_ctx_err(c));
  gw_ctx_free(c);
}

static void all_waiters_wake(void) {
  gw_chan(int) woken = gw_make(int, 0);
  gw_ctx *top = gw_ctx_with_cancel(gw_ctx_background());
  for (int i = 0; i < 200; i++) {
    gw_ctx *c = gw_ctx_with_cancel(top);
    gw_go(waiter, gw_ctx_ref(c), woken);
    gw_go(waiter, gw_ctx_ref(top), woken);
    gw_go(waiter, c, woken); /* its owner from now on */
  }
  gw_yield();
  gw_ctx_cancel(top);
  gw_ctx_free(top);
  for (int i = 0; i < 600; i++) CHECK(gw_recv(woken) == GW_CANCELED);
  gw_chan_free(woken);
}

/* Each deriving from what others end: nobody is left behind. */
static void deriver(gw_ctx *top) {
  for (int i = 0; i < 200; i++) {
    int err = gw_ctx_err(top);
    gw_ctx *c = gw_ctx_with_cancel(top), *d = gw_ctx_with_value(c, &seed, NULL);
    CHECK(!err || gw_ctx_err(d) == err);
    gw_ctx_free(c);
    CHECK(gw_ctx_err(d) == (err ? err : gw_ctx_err(d)));
    CHECK(gw_ctx_err(d));
    gw_ctx_free(d);
  }
  gw_recv(gw_ctx_done(top));
}

static void derives_beside_the_end(void) {
  for (int round = 0; round < 5; round++) {
    gw_ctx *top = gw_ctx_with_timeout(gw_ctx_background(), 2 * GW_MS);
    gw_waitgroup all = {0};
    for (int i = 0; i < 4; i++) gw_waitgroup_go(&all, deriver, top);
    gw_waitgroup_wait(&all);
    gw_ctx_free(top);
  }
}

/* ---- size ---- */

enum { DEEP = 20000 };

static void deep_and_wide(void) {
  static gw_ctx *chain[DEEP];
  for (int i = 0; i < DEEP; i++) chain[i] = gw_ctx_with_cancel(i ? chain[i - 1] : gw_ctx_background());
  gw_ctx_cancel(chain[1]);
  CHECK(gw_ctx_err(chain[0]) == 0 && gw_ctx_err(chain[DEEP - 1]) == GW_CANCELED);
  for (int i = 0; i < DEEP; i++) gw_ctx_free(chain[i]);
  gw_ctx *top = gw_ctx_with_cancel(gw_ctx_background());
  for (int i = 0; i < DEEP; i++) chain[i] = gw_ctx_with_cancel(top);
  gw_ctx_free(top);
  for (int i = 0; i < DEEP; i++) {
    CHECK(gw_ctx_err(chain[i]) == GW_CANCELED);
    gw_ctx_free(chain[i]);
  }
}

static long resident_pages(void) {
  long size, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f && fscanf(f, "%ld %ld", &size, &resident) == 2);
  fclose(f);
  return resident;
}

static void memory_comes_back(void) {
  long before = 0;
  for (int i = 0; i < 60000; i++) {
    gw_ctx *c = gw_ctx_with_timeout(gw_ctx_background(), GW_S), *d = gw_ctx_with_value(c, &seed, NULL);
    gw_ctx_done(d);
    gw_ctx_free(c);
    gw_ctx_free(d);
    if (i == 10000) before = resident_pages();
  }
  CHECK(resident_pages() - before < 1000);
}

static void from_nothing(void) { gw_ctx_with_cancel(NULL); }
static void no_key(void) { gw_ctx_with_value(gw_ctx_background(), NULL, NULL); }
static void no_context(void) { gw_ctx_err(NULL); }

static void misuse(void) {
  gw_panic_info info;
  CHECK(!gw_try(&info, from_nothing) && strcmp(info.message, "cannot create context from nil parent") == 0);
  CHECK(!gw_try(&info, no_key) && strcmp(info.message, "nil key") == 0);
  CHECK(!gw_try(&info, no_context));
}

int main(int argc, char **argv) {
  if (argc > 1) seed = (unsigned)atoi(argv[1]);
  the_background();
  cancellation_goes_down_and_nowhere_else();
  frees_in_any_order();
  deadlines();
  ends_from_two_sides();
  cancels_side_by_side();
  all_waiters_wake();
  derives_beside_the_end();
  deep_and_wide();
  memory_comes_back();
  misuse();
  while (gw_num_goroutine() > 1) gw_yield(); /* those that a deadline started end, too */
  return 0;
}
