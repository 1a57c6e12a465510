/* Rate limiting: a token bucket for each user, one for the disk and one for all; a multi-limiter asks them all, the
 * strictest first, so that a token is not taken from the others in vain. */
#include "pattern.h"

enum { USERS = 3, LIMITERS = 4 };

struct multi {
  gw_limiter *of[LIMITERS];
  int n;
};

static int multi_wait(struct multi *m, gw_ctx *ctx) {
  for (int i = 0; i < m->n; i++) {
    int err = gw_limiter_wait(m->of[i], ctx);
    if (err) return err;
  }
  return 0;
}

struct service {
  gw_limiter whole, disk;
  gw_map per_user; /* name to its gw_limiter */
};

static gw_limiter *limiter_of(struct service *s, const char *user) {
  gw_limiter *l = gw_map_load(&s->per_user, user);
  if (l) return l;
  gw_limiter *mine = malloc(sizeof *mine);
  CHECK(mine);
  gw_limiter_init(mine, 1000, 2);
  l = gw_map_load_or_store(&s->per_user, user, mine, NULL);
  if (l != mine) free(mine); /* somebody else was first */
  return l;
}

static int request(struct service *s, gw_ctx *ctx, const char *user) {
  struct multi all = {{limiter_of(s, user), &s->disk, &s->whole}, 3};
  return multi_wait(&all, ctx);
}

static void client(struct service *s, gw_ctx *ctx, const char *user, int requests, int *served) {
  for (int i = 0; i < requests; i++)
    if (request(s, ctx, user) == 0) __atomic_fetch_add(served, 1, __ATOMIC_RELAXED);
}

static bool free_limiter(const char *user, void *limiter, void *unused) {
  (void)user, (void)unused;
  free(limiter);
  return true;
}

int main(void) {
  static const char *const users[USERS] = {"ann", "bob", "cid"};
  struct service s = {0};
  gw_limiter_init(&s.whole, 2000, 1);
  gw_limiter_init(&s.disk, 5000, 4);
  int served = 0;
  gw_waitgroup all = {0};
  int64_t start = gw_now();
  for (int i = 0; i < 2 * USERS; i++)
    gw_waitgroup_go(&all, client, &s, gw_ctx_background(), users[i % USERS], 7, &served);
  gw_waitgroup_wait(&all);
  int64_t took = gw_now() - start;
  printf("%d requests of %d users\n", served, USERS);
  CHECK(served == 42 && took >= 20 * GW_MS); /* 41 tokens at 2000 a second: the bound of the whole */

  gw_ctx *soon = gw_ctx_with_timeout(gw_ctx_background(), 3600 * GW_S);
  gw_limiter *ann = gw_map_load(&s.per_user, "ann");
  gw_limiter_init(ann, 1e-6, 1); /* ann gets next to nothing, */
  CHECK(request(&s, soon, "ann") == 0 && request(&s, soon, "ann") == GW_DEADLINE_EXCEEDED);
  CHECK(request(&s, soon, "bob") == 0); /* and bob doesn't notice */
  gw_ctx_free(soon);
  gw_map_range(&s.per_user, free_limiter, NULL);
  gw_map_free(&s.per_user);
  all_ended();
}
