/* A client that keeps a request under way on each of many connections, and checks each answer to the byte.
 *
 *   load memcached|redis SOCKET CONNECTIONS REQUESTS
 *
 * A connection has some keys of its own, so what the server must hold there is known; all add to one counter, whose
 * value at the end is known as well. One thread with poll: the client shall not be what limits a server under a
 * detector.
 *
 * Status: 0 all answers were right, 1 one wasn't, or the connection failed, 64 bad usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { KEYS = 24, VALUE_MAX = 3000, TEXT_MAX = VALUE_MAX + 256, CONNECTIONS_MAX = 1000 };

struct connection {
  int fd;
  unsigned id;
  uint32_t random;                     /* state of its generator */
  unsigned length[KEYS], serial[KEYS]; /* of each key's value; length 0: not there */
  unsigned serials;                    /* values made so far */
  char want[TEXT_MAX], got[TEXT_MAX];  /* the answer that is due, and what has come of it */
  size_t want_n, got_n;                /* bytes of them; no want_n: the counter's, which ends with its line */
};

static bool redis;         /* else memcached */
static unsigned long sums; /* requests that added to the counter */

static _Noreturn void fail(const struct connection *c, const char *what) {
  fprintf(stderr, "load: connection %u: %s (%s)\n", c->id, what, strerror(errno));
  if (c->want_n)
    fprintf(stderr, "wanted %.200s\ngot    %.*s\n", c->want, (int)(c->got_n < 200 ? c->got_n : 200), c->got);
  exit(1);
}

static uint32_t next_random(struct connection *c) {
  c->random ^= c->random << 13;
  c->random ^= c->random >> 17;
  c->random ^= c->random << 5;
  return c->random;
}

/* The value of a connection's key: a pattern that names it, so that a mixed-up one is seen. */
static void value(const struct connection *c, unsigned key, char *out) {
  unsigned seed = c->id * 7919 + key * 104729 + c->serial[key] * 31;
  for (unsigned i = 0; i < c->length[key]; i++) out[i] = (char)('a' + (seed + i * 7) % 26);
  out[c->length[key]] = 0;
}

static void send_text(struct connection *c, const char *text, size_t n) {
  while (n) {
    ssize_t sent = write(c->fd, text, n);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail(c, "write");
    text += sent, n -= (size_t)sent;
  }
}

static size_t put(char *out, const char *key, const char *data, size_t n) {
  return (size_t)(redis ? snprintf(out, TEXT_MAX, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(key), key,
                                   n, data)
                        : snprintf(out, TEXT_MAX, "set %s 0 0 %zu\r\n%s\r\n", key, n, data));
}

static size_t words(char *out, const char *verb, const char *key) {
  return (size_t)(redis ? snprintf(out, TEXT_MAX, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(verb), verb, strlen(key),
                                   key)
                        : snprintf(out, TEXT_MAX, "%s %s\r\n", verb, key));
}

static void expect(struct connection *c, const char *text) {
  c->want_n = (size_t)snprintf(c->want, sizeof c->want, "%s", text);
}

static void want_value(struct connection *c, unsigned k, const char *key) {
  char data[VALUE_MAX + 1];
  if (!c->length[k]) {
    expect(c, redis ? "$-1\r\n" : "END\r\n");
    return;
  }
  value(c, k, data);
  c->want_n =
      (size_t)(redis ? snprintf(c->want, sizeof c->want, "$%u\r\n%s\r\n", c->length[k], data)
                     : snprintf(c->want, sizeof c->want, "VALUE %s 0 %u\r\n%s\r\nEND\r\n", key, c->length[k], data));
}

static size_t ask_set(struct connection *c, char *out, unsigned k, const char *key) {
  char data[VALUE_MAX + 1];
  uint32_t r = next_random(c);
  c->length[k] = 1 + (r & 1 ? r >> 8 & 63 : (r >> 8) % VALUE_MAX); /* small ones and large ones */
  c->serial[k] = ++c->serials;
  value(c, k, data);
  expect(c, redis ? "+OK\r\n" : "STORED\r\n");
  return put(out, key, data, c->length[k]);
}

static size_t ask_delete(struct connection *c, char *out, unsigned k, const char *key) {
  bool there = c->length[k];
  c->length[k] = 0;
  if (redis)
    expect(c, there ? ":1\r\n" : ":0\r\n");
  else
    expect(c, there ? "DELETED\r\n" : "NOT_FOUND\r\n");
  return words(out, redis ? "DEL" : "delete", key);
}

static size_t ask_add(struct connection *c, char *out) {
  c->want_n = 0;
  sums++;
  return redis ? words(out, "INCR", "sum") : (size_t)snprintf(out, TEXT_MAX, "incr sum 1\r\n");
}

static void ask(struct connection *c) {
  char text[TEXT_MAX], key[32];
  uint32_t r = next_random(c);
  unsigned k = (r >> 4) % KEYS;
  size_t n;
  snprintf(key, sizeof key, "c%u:%u", c->id, k);
  c->got_n = 0;
  switch (r & 15) {
    case 0:
      n = ask_delete(c, text, k, key);
      break;
    case 1:
      n = ask_add(c, text);
      break;
    case 2 ... 5:
      n = ask_set(c, text, k, key);
      break;
    default:
      want_value(c, k, key);
      n = words(text, redis ? "GET" : "get", key);
  }
  send_text(c, text, n);
}

/* True when the whole answer is there. */
static bool hear(struct connection *c) {
  size_t room = (c->want_n ? c->want_n : 32) - c->got_n;
  ssize_t n = read(c->fd, c->got + c->got_n, room);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) fail(c, "read");
  c->got_n += (size_t)n;
  if (!c->want_n) return c->got[c->got_n - 1] == '\n';
  if (memcmp(c->got, c->want, c->got_n) != 0) fail(c, "a wrong answer");
  return c->got_n == c->want_n;
}

static void connect_to(struct connection *c, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) fail(c, "connect");
}

/* One request alone, with its answer. */
static void exchange(struct connection *c) {
  c->got_n = 0;
  while (!hear(c)) continue;
}

static void begin_counter(struct connection *c) {
  char text[TEXT_MAX];
  send_text(c, text, put(text, "sum", "0", 1));
  expect(c, redis ? "+OK\r\n" : "STORED\r\n");
  exchange(c);
}

static void check_counter(struct connection *c) {
  char text[TEXT_MAX];
  send_text(c, text, ask_add(c, text));
  exchange(c);
  unsigned long sum = strtoul(c->got + (redis && c->got[0] == ':'), NULL, 10);
  if (sum == sums) return;
  fprintf(stderr, "load: the counter is %lu instead of %lu\n", sum, sums);
  exit(1);
}

static void run(struct connection *c, struct pollfd *polled, unsigned n, unsigned long requests) {
  unsigned long asked = 0, answered = 0;
  for (unsigned i = 0; i < n && asked < requests; i++, asked++) ask(&c[i]);
  while (answered < requests) {
    if (poll(polled, n, -1) < 0 && errno != EINTR) fail(c, "poll");
    for (unsigned i = 0; i < n; i++) {
      if (!polled[i].revents || !hear(&c[i])) continue;
      answered++;
      if (asked < requests) ask(&c[i]), asked++;
    }
  }
}

int main(int argc, char **argv) {
  redis = argc > 1 && strcmp(argv[1], "redis") == 0;
  unsigned n = argc == 5 ? (unsigned)atoi(argv[3]) : 0;
  unsigned long requests = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
  if (n < 1 || n > CONNECTIONS_MAX || requests < n || (!redis && strcmp(argv[1], "memcached") != 0)) {
    fprintf(stderr, "usage: load memcached|redis SOCKET CONNECTIONS REQUESTS\n");
    return 64;
  }
  struct connection *c = calloc(n, sizeof *c);
  struct pollfd *polled = calloc(n, sizeof *polled);
  if (!c || !polled) return 1;
  for (unsigned i = 0; i < n; i++) {
    c[i].id = i;
    c[i].random = i * 2654435761u + 1;
    connect_to(&c[i], argv[2]);
    polled[i] = (struct pollfd){.fd = c[i].fd, .events = POLLIN};
  }
  begin_counter(&c[0]);
  run(c, polled, n, requests);
  check_counter(&c[0]);
  printf("%lu requests on %u connections\n", requests, n);
  return 0;
}
