/* HTTP server with timeouts: a client that is slow to send its request, or sends none, is cut off by a deadline on its
 * connection; a request that takes too long is answered with 503 by its context, and its handler called off. */
#include "net.h"

enum { HEAD_MS = 150 };

struct server {
  int listening;
  gw_ctx *ctx;
  gw_waitgroup connections;
  int cut_off; /* atomic: connections that gave no request in time */
};

static void slow(gw_ctx *ctx, gw_chan(const char *) out) {
  gw_select {
    gw_on_recv(gw_ctx_done(ctx)) {}
    gw_on_after(3600 * GW_S) { gw_send(out, "at last"); }
  }
}

/* Each page has a limit of its own: what is done in no time should not fail because the machine is busy. */
static int64_t limit_of(const char *path) { return strcmp(path, "/slow") == 0 ? 60 * GW_MS : 60 * GW_S; }

/* The handler runs in a goroutine of its own, so that its time can be bounded whatever it does. */
static void handle(gw_ctx *ctx, const char *path, gw_chan(const char *) out) {
  if (strcmp(path, "/hello") == 0)
    gw_send(out, "hello");
  else if (strcmp(path, "/slow") == 0)
    slow(ctx, out);
  else
    gw_send(out, NULL); /* no such page */
}

static void respond(int fd, const char *status, const char *text) {
  char head[128];
  snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: keep-alive\r\n\r\n", status,
           strlen(text));
  if (write_text(fd, head)) write_text(fd, text);
}

static void answer(struct server *s, int fd, const char *path) {
  gw_ctx *ctx = gw_ctx_with_timeout(s->ctx, limit_of(path));
  gw_chan(const char *) out = gw_make(const char *, 1);
  gw_waitgroup handler = {0};
  gw_waitgroup_go(&handler, handle, ctx, path, out);
  gw_select {
    gw_on_recv(out, text) { respond(fd, text ? "200 OK" : "404 Not Found", text ? text : "no such page"); }
    gw_on_recv(gw_ctx_done(ctx)) { respond(fd, "503 Service Unavailable", "it took too long"); }
  }
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&handler);
  gw_ctx_free(ctx);
  gw_chan_free(out);
}

/* The path of the next request, past its head; false if there is none, or not in time. */
static bool read_request(struct lines *in, char *path) {
  char line[256];
  if (read_line(in, line, sizeof line) < 0 || sscanf(line, "GET %63s HTTP/1.1", path) != 1) return false;
  ssize_t n;
  while ((n = read_line(in, line, sizeof line)) > 0) { /* headers, up to an empty line */
  }
  return n == 0;
}

static void connection(struct server *s, int fd) {
  struct lines in = {.fd = fd};
  char path[64];
  for (;;) {
    gw_set_read_deadline(fd, gw_now() + HEAD_MS * GW_MS); /* for the whole head: a byte now and then doesn't help */
    if (!read_request(&in, path)) {
      if (errno == ETIMEDOUT) __atomic_fetch_add(&s->cut_off, 1, __ATOMIC_RELAXED);
      break;
    }
    answer(s, fd, path);
  }
  gw_close_fd(fd);
}

static void serve(struct server *s) {
  for (int fd; (fd = gw_accept(s->listening)) >= 0;) gw_waitgroup_go(&s->connections, connection, s, fd);
}

/* ---- clients ---- */

/* Sends a request; its status and text, or 0 if the connection was cut off. */
static int get(struct lines *in, const char *path, char *text, int max) {
  char line[256];
  int status = 0, length = -1;
  snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", path);
  if (!write_text(in->fd, line) || read_line(in, line, sizeof line) < 0) return 0;
  CHECK(sscanf(line, "HTTP/1.1 %d", &status) == 1);
  while (read_line(in, line, sizeof line) > 0) sscanf(line, "Content-Length: %d", &length);
  return length >= 0 && length < max && read_text(in, text, (size_t)length) ? status : 0;
}

/* As clients do: on another connection where a busy machine kept this one from sending its request in time. */
static void get_in_the_end(const char *address, const char *path, int times, int wanted, char *text) {
  struct lines in = {.fd = -1};
  while (times > 0) {
    if (in.fd < 0) in = (struct lines){.fd = gw_dial(address)};
    CHECK(in.fd >= 0);
    int status = get(&in, path, text, 64);
    CHECK(status == wanted || status == 0);
    times -= status == wanted;
    if (status) continue;
    gw_close_fd(in.fd);
    in.fd = -1;
  }
  gw_close_fd(in.fd);
}

static void good_client(const char *address) {
  char text[64];
  get_in_the_end(address, "/nowhere", 3, 404, text);
  get_in_the_end(address, "/slow", 1, 503, text);
  CHECK(strcmp(text, "it took too long") == 0);
}

/* Sends half a request, and is cut off. */
static void stuck_client(const char *address) {
  int fd = gw_dial(address);
  char c;
  CHECK(fd >= 0 && write_text(fd, "GET /hel"));
  CHECK(gw_read(fd, &c, 1) <= 0);
  gw_close_fd(fd);
}

int main(void) {
  char address[ADDRESS_MAX], text[64];
  struct server s = {.ctx = gw_ctx_with_cancel(gw_ctx_background())};
  s.listening = listen_here(address);
  gw_waitgroup server = {0}, clients = {0};
  gw_waitgroup_go(&server, serve, &s);
  gw_waitgroup_go(&clients, stuck_client, address);
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&clients, good_client, address);
  get_in_the_end(address, "/hello", 2, 200, text);
  gw_waitgroup_wait(&clients);
  gw_close_fd(s.listening);
  gw_waitgroup_wait(&server);
  gw_waitgroup_wait(&s.connections);
  printf("%s, and who was stuck was cut off\n", text);
  CHECK(strcmp(text, "hello") == 0 && s.cut_off >= 1);
  gw_ctx_free(s.ctx);
  all_ended();
}
