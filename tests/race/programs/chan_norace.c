/* NO RACE */
/* What a channel orders: send k before receive k, receive k before send k+cap, unbuffered both ways, close. */
#include "scenario.h"

static gw_chan(int) c;
static long sent, received, slot, closed, guarded;
static struct message {
  int number;
  char text[20];
} *box;
static gw_chan(struct message *) boxes;

static void a_send(void) {
  sent = 1;
  gw_send(c, 1);
}
static void b_send(void) {
  gw_recv(c);
  use(sent);
}

/* Unbuffered: the receive is before the end of the send. */
static void a_receive(void) {
  gw_send(c, 1);
  use(received);
}
static void b_receive(void) {
  received = 1;
  gw_recv(c);
}

/* Capacity 2: the third send is after the first receive. */
static void a_slot(void) {
  gw_send(c, 1);
  gw_send(c, 2);
  turn_done();
  turn_wait(3);
  gw_send(c, 3);
  use(slot);
}
static void b_slot(void) {
  turn_wait(2);
  slot = 1;
  gw_recv(c);
  turn_done();
  gw_recv(c);
  gw_recv(c);
}

static void a_close(void) {
  closed = 1;
  gw_close(c);
}
static void b_close(void) {
  gw_range(v, c) use(v);
  use(closed);
}

/* A buffered channel of capacity 1 as a lock: a send takes it, a receive gives it back. */
static void critical(void) {
  for (int i = 0; i < 100; i++) {
    gw_send(c, 1);
    guarded++;
    gw_recv(c);
    if (i % 10 == 0) gw_yield();
  }
}

/* Ownership travels with the pointer. */
static void produce(void) {
  for (int i = 0; i < 100; i++) {
    struct message *m = malloc(sizeof *m);
    if (!m) abort();
    m->number = i;
    snprintf(m->text, sizeof m->text, "message %d", i);
    gw_send(boxes, m);
  }
  gw_close(boxes);
}
static void consume(void) {
  gw_range(m, boxes) {
    m->number++;
    use(m->text[0]);
    free(m);
  }
}

static void with(int cap, void (*a)(void), void (*b)(void)) {
  c = gw_make(int, cap);
  both(a, b);
  gw_chan_free(c);
}

int main(void) {
  box = NULL;
  for (int cap = 0; cap < 4; cap++) {
    with(cap, a_send, b_send);
    with(cap, a_close, b_close);
    boxes = gw_make(struct message *, cap);
    both(produce, consume);
    gw_chan_free(boxes);
  }
  with(0, a_receive, b_receive);
  with(2, a_slot, b_slot);
  with(1, critical, critical);
  use(box == NULL);
}
