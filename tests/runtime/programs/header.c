/* Every macro of godwit.h, in the ways that tend to warn: nested, unbraced, in conditions, with values that hold
 * commas. Compiled without a warning by each compiler and in each language mode; never run. */
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>

struct message {
  int a, b;
};
struct empty {};
typedef struct {
  gw_chan(int) c;
  gw_chan(struct message) several[2];
} holder;

static gw_chan(int) make(void) { return gw_make(int, 3); }
static void worker(int id, gw_chan(int) c, const char *s, long n, unsigned char b, void *p) {
  (void)id, (void)c, (void)s, (void)n, (void)b, (void)p;
}
static int number(void) { return 1; }
static double real(char *p) { return *p; }
static void pointer(int *p) { (void)p; }
static int next(void) {
  static int i;
  return i++;
}

static gw_mutex mu;
static gw_rwmutex rw;
static gw_cond on_mutex = GW_COND_INIT(&mu), on_rwmutex = GW_COND_INIT(&rw);

static int channels(int n, holder *h) {
  gw_chan(int) c = make(), d = NULL;
  gw_chan(gw_chan(int)) cc = gw_make(gw_chan(int), 0);
  gw_chan(struct message) cm = h->several[0];
  gw_chan(struct empty) ce = gw_make(struct empty, 1);
  gw_chan(const char *) cs = gw_make(const char *, 1);
  gw_chan(void (*)(int)) cf = NULL;
  gw_send(c, gw_recv(c) + gw_recv(d));
  gw_send(cs, "x");
  gw_send(cf, exit);
  gw_send(ce, (struct empty){});
  gw_send(cm, (struct message){1, 2});
  gw_send(cc, c);
  int v;
  bool ok;
  if (n)
    gw_send(c, 1);
  else
    gw_send(c, 2);
  if (gw_recv_ok(c, &v) && gw_recv_ok(c, NULL)) return v;
  if (gw_try_recv(c, &v)) return 1;
  if (gw_try_recv_ok(c, &v, &ok) || gw_try_send(cm, (struct message){1, 2})) return ok;
  gw_range(x, c) {
    gw_range(y, cc) {
      if (x > gw_len(y)) break;
      continue;
    }
  }
  gw_range(s, cs) puts(s);
  gw_close(c);
  gw_chan_free(c);
  return gw_cap(cm);
}

static int selects(gw_chan(int) c, gw_chan(struct message) cm, gw_chan(struct empty) ce) {
  int v = 0;
  for (int i = 0; i < 3; i++) {
    gw_select {
      gw_on_recv(c, r) {
        printf("%d\n", r);
        gw_select {
          gw_on_recv(c, s) {
            printf("%d", s + r);
            break;
          }
          gw_on_default {}
        }
      }
      gw_on_recv(ce) { continue; }
      gw_on_recv_ok(cm, j, ok) {
        if (!ok) return j.a;
      }
      gw_on_send(c, next()) { v++; }
      gw_on_send(cm, (struct message){1, 2}) { goto out; }
      gw_on_after(50 * GW_MS) { v = 4; }
      gw_on_default { v = 3; }
    }
  }
out:
  if (v) gw_select {
    }
  switch (gw_select_of(GW_CASE_RECV(c, &v), GW_CASE_SEND(c, &v), GW_CASE_AFTER(3), GW_CASE_DEFAULT,
                       GW_CASE_RECV(cm, NULL))) {
    case 0:
      break;
    default:
      break;
  }
  return v;
}

static int calls(int n, gw_chan(int) c) {
  gw_waitgroup wg = {0};
  gw_once once = {0};
  gw_panic_info info;
  gw_go(worker, 1, c, "x", n, 'c', NULL);
  gw_go(number);
  gw_go(real, (char *)"x");
  gw_go(pointer, gw_recv(gw_recv((gw_chan(gw_chan(int *)))NULL)));
  if (n)
    gw_go(number);
  else
    gw_go(pointer, NULL);
  gw_waitgroup_go(&wg, worker, 1, c, "x", n, 'c', NULL);
  gw_once_do(&once, number);
  if (!gw_try(&info, number)) return 1;
  if (!gw_try(NULL, real, (char *)"s")) return (int)gw_blocking(number);
  gw_defer(gw_mutex_unlock, &mu);
  gw_defer(free, NULL);
  gw_timer *t = gw_after_func(3 * GW_MS, number);
  gw_recv(gw_timer_chan(t));
  gw_timer_free(t);
  gw_cond_init(&on_mutex, &rw);
  gw_cond_init(&on_rwmutex, &mu);
#ifdef __BLOCKS__
  gw_go_b(^{
    printf("%d", n);
  });
#endif
  return 0;
}

static void *make_thing(void) { return NULL; }
static bool show(const char *key, void *value, void *arg) { return key != value && value != arg; }
static gw_pool things = GW_POOL_INIT(make_thing);

static int library(int n) {
  gw_ctx *top = gw_ctx_with_timeout(gw_ctx_background(), 50 * GW_MS), *c = gw_ctx_with_value(top, &things, &mu);
  gw_errgroup *g = gw_errgroup_new(c);
  if (n)
    gw_errgroup_go(g, number);
  else
    gw_errgroup_go(g, library, n + 1);
  gw_select {
    gw_on_recv(gw_ctx_done(c)) { n = gw_ctx_err(c); }
    gw_on_default { gw_ctx_cancel(top); }
  }
  switch (n) {
    case GW_CANCELED:
    case GW_DEADLINE_EXCEEDED:
      break;
    default:
      gw_pool_put(&things, gw_pool_get(&things));
  }
  gw_map m = {0};
  gw_map_range(&m, show, gw_map_load_or_store(&m, "x", &n, NULL));
  gw_map_free(&m);
  gw_limiter l;
  gw_limiter_init(&l, 10, 1);
  return gw_limiter_wait(&l, gw_errgroup_ctx(g)) + gw_errgroup_wait(g) + (gw_ctx_deadline(c) > gw_now());
}

int main(void) {
  holder h = {.c = make()};
  return channels(1, &h) + selects(h.c, h.several[1], NULL) + calls(2, h.c) + library(0);
}
