/* gw_pprof_serve: one thread of ours, one poll loop, no lock: nothing that the program does can keep it from answering.
 *
 * A connection is read until its head is complete, answered, written, closed.  One that waits for seconds= of a profile
 * just waits in the list.  Who is slow has a deadline; when all places are taken the one that has been reading longest
 * makes room, so that idle clients don't keep others out.  The listening socket is the program's own, so there is one
 * service per call.
 *
 * Rejected: a thread per client (a profile is seldom asked for twice at a time, and threads are not free), epoll (sixty
 * descriptors are nothing to poll). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/options.h"
#include "base/prim.h"
#include "godwit/inspect.h"
#include "godwit/pprof.h"
#include "pprof/http.h"

enum { PLACES = 64, HEAD_MAX = 16384 };
#define READ_NS (10 * INT64_C(1000000000))  /* guess: for the whole request */
#define WRITE_NS (30 * INT64_C(1000000000)) /* guess: without progress */

#define END_NS (2 * INT64_C(1000000000)) /* guess: for the client to take note of the end */

enum state { FREE, READING, WAITING, WRITING, ENDING };

struct client {
  enum state state;
  int fd;
  int64_t deadline; /* monotonic */
  size_t got;       /* of the request */
  char *request;    /* HEAD_MAX + 1 bytes */
  struct bytes answer;
  size_t sent; /* of the answer */
  struct job job;
};

struct service {
  int listener;
  struct client client[PLACES];
};

static void client_end(struct client *c) {
  prim_close(c->fd);
  job_drop(&c->job);
  bytes_free(&c->answer);
  arena_free(c->request, HEAD_MAX + 1);
  *c = (struct client){.state = FREE};
}

static void client_begin(struct client *c, int fd) {
  *c = (struct client){.state = READING, .fd = fd, .deadline = prim_now() + READ_NS};
  c->request = arena_alloc(HEAD_MAX + 1);
}

static struct client *place_for_one(struct service *s) {
  struct client *oldest = NULL;
  for (int i = 0; i < PLACES; i++) {
    struct client *c = &s->client[i];
    if (c->state == FREE) return c;
    if ((c->state == READING || c->state == ENDING) && (!oldest || c->deadline < oldest->deadline)) oldest = c;
  }
  if (oldest) client_end(oldest);
  return oldest;
}

static void accept_all(struct service *s) {
  for (int fd; (fd = prim_accept(s->listener)) >= 0;) {
    struct client *c = place_for_one(s);
    if (c)
      client_begin(c, fd);
    else
      prim_close(fd); /* all are being answered */
  }
}

static void start_writing(struct client *c) {
  c->state = WRITING;
  c->deadline = prim_now() + WRITE_NS;
}

/* A POST's body counts as there once its Content-Length is. */
static bool complete(const struct client *c) {
  const char *end = memmem(c->request, c->got, "\r\n\r\n", 4);
  if (!end) return false;
  const char *length = strncmp(c->request, "POST", 4) == 0 ? strcasestr(c->request, "\r\ncontent-length:") : NULL;
  if (!length || length > end) return true;
  long body = strtol(length + strlen("\r\ncontent-length:"), NULL, 10);
  return body <= 0 || body > HEAD_MAX || c->got >= (size_t)(end + 4 - c->request) + (size_t)body;
}

static void answer(struct client *c) {
  struct request r;
  if (request_parse(c->request, c->got, &r))
    http_answer(&r, &c->answer, &c->job);
  else
    http_error(&c->answer, 400, "400 Bad Request");
  if (!job_is_there(&c->job)) {
    start_writing(c);
    return;
  }
  c->state = WAITING;
  c->deadline = c->job.due;
}

static void client_read(struct client *c) {
  int64_t n = prim_recv(c->fd, c->request + c->got, HEAD_MAX - c->got);
  if (n == -EAGAIN || n == -EINTR) return;
  if (n <= 0) {
    client_end(c);
    return;
  }
  c->got += (size_t)n;
  c->request[c->got] = 0;
  if (complete(c)) {
    answer(c);
  } else if (c->got == HEAD_MAX) {
    http_error(&c->answer, 431, "the request's head is too long");
    start_writing(c);
  }
}

static void client_write(struct client *c) {
  int64_t n = prim_send(c->fd, c->answer.at + c->sent, c->answer.n - c->sent);
  if (n == -EAGAIN || n == -EINTR) return;
  if (n > 0) {
    c->sent += (size_t)n;
    c->deadline = prim_now() + WRITE_NS;
  }
  if (n <= 0) {
    client_end(c);
  } else if (c->sent == c->answer.n) {
    /* Closed with something unread, the connection would be reset, and the answer lost. */
    prim_send_end(c->fd);
    c->state = ENDING;
    c->deadline = prim_now() + END_NS;
  }
}

/* A client that waits for its profile, or has it, says nothing: what comes is its end, or dropped. */
static void client_listen(struct client *c) {
  char dropped[512];
  int64_t n = prim_recv(c->fd, dropped, sizeof dropped);
  if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR)) client_end(c);
}

static void client_due(struct client *c) {
  switch (c->state) {
    case WAITING:
      job_finish(&c->job, &c->answer);
      start_writing(c);
      break;
    case READING:
      http_error(&c->answer, 408, "the request took too long");
      start_writing(c);
      break;
    default:
      client_end(c);
  }
}

static void client_go_on(struct client *c, int happened, int64_t now) {
  if (happened && c->state == READING)
    client_read(c);
  else if (happened && c->state == WRITING)
    client_write(c);
  else if (happened && (c->state == WAITING || c->state == ENDING))
    client_listen(c);
  if (c->state != FREE && now >= c->deadline) client_due(c);
}

static void serve(void *arg) {
  struct service *s = arg;
  struct prim_poll polled[PLACES + 1];
  for (;;) {
    int64_t next = INT64_MAX, now = prim_now();
    for (int i = 0; i < PLACES; i++) {
      const struct client *c = &s->client[i];
      polled[i] = (struct prim_poll){.fd = c->state == FREE ? -1 : c->fd,
                                     .events = c->state == WRITING ? PRIM_POLL_OUT : PRIM_POLL_IN};
      if (c->state != FREE && c->deadline < next) next = c->deadline;
    }
    polled[PLACES] = (struct prim_poll){.fd = s->listener, .events = PRIM_POLL_IN};
    int64_t wait_ms = next == INT64_MAX ? -1 : next <= now ? 0 : (next - now) / 1000000 + 1;
    if (prim_poll(polled, PLACES + 1, wait_ms) < 0) continue;
    now = prim_now();
    for (int i = 0; i < PLACES; i++)
      if (s->client[i].state != FREE) client_go_on(&s->client[i], polled[i].happened, now);
    if (polled[PLACES].happened) accept_all(s);
  }
}

/* "HOST:PORT", "[V6]:PORT", ":PORT", "PORT"; without a host the loopback interface.  False if it is none of these. */
static bool parse_address(const char *text, struct sockaddr_storage *a, unsigned *n) {
  char host[64] = "127.0.0.1";
  const char *colon = strrchr(text, ':'), *port_text = colon ? colon + 1 : text;
  size_t host_n = colon ? (size_t)(colon - text) : 0;
  char *end;
  long port = strtol(port_text, &end, 10);
  if (end == port_text || *end || port < 0 || port > 65535 || host_n >= sizeof host) return false;
  memset(a, 0, sizeof *a);
  if (host_n > 2 && text[0] == '[' && text[host_n - 1] == ']') {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)a;
    memcpy(host, text + 1, host_n - 2);
    host[host_n - 2] = 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *n = sizeof *v6;
    return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
  }
  if (host_n > 0 && !(host_n == 9 && strncmp(text, "localhost", 9) == 0)) {
    memcpy(host, text, host_n);
    host[host_n] = 0;
  }
  struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)a;
  v4->sin_family = AF_INET;
  v4->sin_port = htons((uint16_t)port);
  *n = sizeof *v4;
  return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

int gw_pprof_serve(const char *address) {
  struct sockaddr_storage at;
  unsigned n;
  uint16_t port = 0;
  int r = -EINVAL;
  if (parse_address(address, &at, &n)) r = prim_listen(&at, n, &port);
  if (r < 0) {
    errno = -r;
    return -1;
  }
  struct service *s = arena_alloc(sizeof *s);
  s->listener = r;
  r = inspect_thread_start(serve, s);
  if (r == 0) {
    metrics_start();
    return port;
  }
  prim_close(s->listener);
  arena_free(s, sizeof *s);
  errno = -r;
  return -1;
}

void serve_start(void) {
  const char *address = gw__opts.pprof;
  if (*address && gw_pprof_serve(address) < 0)
    gw__warn("pprof=%s: no profiles are served: %s", address,
             errno == EINVAL ? "write HOST:PORT with a number for HOST" : strerror(errno));
}
