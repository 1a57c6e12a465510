/* Back-pressure and dead letters: a bounded queue makes the producer wait, or give up in time and say so; what fails
 * again and again goes to a queue of its own with its reason, so that it neither is lost nor holds up the rest. */
#include "pattern.h"

enum { MESSAGES = 60, TRIES = 3 };

struct message {
  int id, tries;
};
struct letter {
  struct message m;
  const char *reason;
};

struct system {
  gw_chan(struct message) queue;
  gw_chan(struct letter) dead;
  gw_waitgroup pending; /* messages that are neither done nor dead */
  int done;             /* atomic */
};

/* The producer's own deadline: false if the queue stayed full. */
static bool offer(struct system *s, struct message m, int64_t within_ns) {
  bool sent = false;
  gw_select {
    gw_on_send(s->queue, m) { sent = true; }
    gw_on_after(within_ns) {}
  }
  return sent;
}

/* Every tenth message is poison; every third fails once. */
static const char *handle(struct message m) {
  if (m.id % 10 == 0) return "poison";
  if (m.id % 3 == 0 && m.tries == 0) return "busy";
  return NULL;
}

/* Tries again at once: a message put back into the bounded queue by who empties it could fill it for good. */
static void consumer(struct system *s) {
  gw_range(m, s->queue) {
    const char *error = NULL;
    while (m.tries < TRIES && (error = handle(m))) m.tries++;
    if (error)
      gw_send(s->dead, (struct letter){m, error});
    else
      __atomic_fetch_add(&s->done, 1, __ATOMIC_RELAXED);
    gw_waitgroup_done(&s->pending);
  }
}

static void count_dead(gw_chan(struct letter) dead, gw_chan(int) count) {
  int n = 0;
  gw_range(l, dead) {
    CHECK(l.m.id % 10 == 0 && l.m.tries == TRIES && strcmp(l.reason, "poison") == 0);
    n++;
  }
  gw_send(count, n);
}

int main(void) {
  struct system s = {.queue = gw_make(struct message, 4), .dead = gw_make(struct letter, 1)};
  gw_chan(int) count = gw_make(int, 0);
  int refused = 0;
  for (int i = 0; i < 8; i++) refused += !offer(&s, (struct message){1, 0}, 0); /* nobody takes any yet */
  CHECK(refused == 4 && gw_len(s.queue) == 4);
  gw_waitgroup_add(&s.pending, 4 + MESSAGES);
  gw_waitgroup consumers = {0};
  for (int i = 0; i < 3; i++) gw_waitgroup_go(&consumers, consumer, &s);
  gw_go(count_dead, s.dead, count);
  for (int i = 0; i < MESSAGES; i++) CHECK(offer(&s, (struct message){i, 0}, 20 * GW_S));
  gw_waitgroup_wait(&s.pending);
  gw_close(s.queue);
  gw_waitgroup_wait(&consumers);
  gw_close(s.dead);
  int dead = gw_recv(count);
  printf("%d done, %d dead, %d refused\n", s.done, dead, refused);
  CHECK(s.done == 4 + MESSAGES - 6 && dead == 6);
  all_ended();
  gw_chan_free(s.queue);
  gw_chan_free(s.dead);
  gw_chan_free(count);
}
