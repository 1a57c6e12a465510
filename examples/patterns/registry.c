/* Service registry: services announce themselves and beat; who falls silent is dropped after a while, so that clients
 * find only those that live.  The registry is an actor: all of its state belongs to one goroutine. */
#include "pattern.h"

enum { SERVICES = 4, MAX = 16 };

struct entry {
  char name[16], address[24];
  int64_t seen_at;
};
enum kind { BEAT, LEAVE, LOOK_UP };
struct message {
  enum kind kind;
  struct entry entry;
  gw_chan(int) found; /* to LOOK_UP: how many have that name */
};

struct registry {
  gw_chan(struct message) mailbox;
  int64_t silent_ns; /* constant: who is silent for longer is dropped */
};

static int place_of(const struct entry *all, int n, const char *address) {
  int i = 0;
  while (i < n && strcmp(all[i].address, address) != 0) i++;
  return i;
}

static void registry(struct registry *r) {
  struct entry all[MAX];
  int n = 0;
  gw_range(m, r->mailbox) {
    int64_t now = gw_now();
    for (int i = 0; i < n;)
      if (now - all[i].seen_at > r->silent_ns)
        all[i] = all[--n];
      else
        i++;
    int at = place_of(all, n, m.entry.address), found = 0;
    if (m.kind == BEAT && at < MAX) {
      all[at] = m.entry;
      all[at].seen_at = now;
      n += at == n;
    }
    if (m.kind == LEAVE && at < n) all[at] = all[--n];
    for (int i = 0; i < n; i++) found += strcmp(all[i].name, m.entry.name) == 0;
    if (m.kind == LOOK_UP) gw_send(m.found, found);
  }
}

/* Beats until ctx ends; then it leaves, or it just dies. */
static void service(struct registry *r, gw_ctx *ctx, int number, bool leaves) {
  struct message m = {.kind = BEAT, .entry = {.name = "store"}};
  snprintf(m.entry.address, sizeof m.entry.address, "10.0.0.%d:80", number);
  while (!gw_ctx_err(ctx)) {
    gw_send(r->mailbox, m);
    gw_select {
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_after(2 * GW_MS) {}
    }
  }
  m.kind = LEAVE;
  if (leaves) gw_send(r->mailbox, m);
}

static int look_up(struct registry *r, const char *name) {
  struct message m = {.kind = LOOK_UP, .found = gw_make(int, 1)};
  snprintf(m.entry.name, sizeof m.entry.name, "%s", name);
  gw_send(r->mailbox, m);
  int found = gw_recv(m.found);
  gw_chan_free(m.found);
  return found;
}

static void await(struct registry *r, int services) {
  while (look_up(r, "store") != services) gw_sleep(GW_MS);
}

int main(void) {
  struct registry r = {.mailbox = gw_make(struct message, 0), .silent_ns = 300 * GW_MS};
  gw_waitgroup registries = {0}, services = {0};
  gw_ctx *leaving = gw_ctx_with_cancel(gw_ctx_background()), *dying = gw_ctx_with_cancel(gw_ctx_background());
  gw_waitgroup_go(&registries, registry, &r);
  for (int i = 0; i < SERVICES; i++) gw_waitgroup_go(&services, service, &r, i % 2 ? leaving : dying, i, i % 2 == 1);
  await(&r, SERVICES);
  CHECK(look_up(&r, "mail") == 0);
  gw_ctx_cancel(leaving);
  await(&r, SERVICES / 2); /* at once */
  gw_ctx_cancel(dying);
  await(&r, 0); /* after their silence was long enough */
  gw_waitgroup_wait(&services);
  printf("all are gone, two of them without a word\n");
  gw_close(r.mailbox);
  gw_waitgroup_wait(&registries);
  all_ended();
  gw_chan_free(r.mailbox);
  gw_ctx_free(leaving);
  gw_ctx_free(dying);
}
