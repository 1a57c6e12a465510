/* Service registry: services announce themselves over a socket and beat; who falls silent is dropped after a while, so
 * that clients find only those that live.  The registry is an actor: all of its state belongs to one goroutine, and
 * each connection has one that turns lines into messages.
 *
 *     beat NAME ADDRESS     leave NAME ADDRESS     find NAME -> how many */
#include "net.h"

enum { SERVICES = 4, MAX = 16, SILENT_MS = 300 };

struct service {
  char name[16], address[24];
  int64_t seen_at;
};
struct message {
  char verb[8];
  struct service service;
  gw_chan(int) found; /* the answer to "find" */
};

static int place_of(const struct service *all, int n, const char *address) {
  int i = 0;
  while (i < n && strcmp(all[i].address, address) != 0) i++;
  return i;
}

static int drop_silent(struct service *all, int n) {
  int left = 0;
  for (int i = 0; i < n; i++)
    if (gw_now() - all[i].seen_at <= SILENT_MS * GW_MS) all[left++] = all[i];
  return left;
}

static void registry(gw_chan(struct message) mailbox) {
  struct service all[MAX];
  int n = 0;
  gw_range(m, mailbox) {
    n = drop_silent(all, n);
    int at = place_of(all, n, m.service.address), found = 0;
    if (strcmp(m.verb, "beat") == 0 && at < MAX) {
      all[at] = m.service;
      all[at].seen_at = gw_now();
      n += at == n;
    }
    if (strcmp(m.verb, "leave") == 0 && at < n) all[at] = all[--n];
    for (int i = 0; i < n; i++) found += strcmp(all[i].name, m.service.name) == 0;
    if (strcmp(m.verb, "find") == 0) gw_send(m.found, found);
  }
}

/* ---- over the network ---- */

static void connection(int fd, gw_chan(struct message) mailbox) {
  struct lines in = {.fd = fd};
  gw_chan(int) found = gw_make(int, 1);
  char line[80];
  while (read_line(&in, line, sizeof line) >= 0) {
    struct message m = {.found = found};
    if (sscanf(line, "%7s %15s %23s", m.verb, m.service.name, m.service.address) < 2) break;
    gw_send(mailbox, m);
    if (strcmp(m.verb, "find") != 0) continue;
    snprintf(line, sizeof line, "%d\n", gw_recv(found));
    if (!write_text(fd, line)) break;
  }
  gw_chan_free(found);
  gw_close_fd(fd);
}

static void serve(int listening, gw_chan(struct message) mailbox) {
  gw_waitgroup connections = {0};
  for (int fd; (fd = gw_accept(listening)) >= 0;) gw_waitgroup_go(&connections, connection, fd, mailbox);
  gw_waitgroup_wait(&connections);
  gw_close(mailbox);
}

static int connect_to(const char *address) {
  int fd = gw_dial(address);
  CHECK(fd >= 0);
  return fd;
}

/* Beats until ctx ends; then it says good-bye, or it just dies. */
static void service(const char *address, gw_ctx *ctx, int number, bool polite) {
  int fd = connect_to(address);
  char beat[64], leave[64];
  snprintf(beat, sizeof beat, "beat store 10.0.0.%d:80\n", number);
  snprintf(leave, sizeof leave, "leave store 10.0.0.%d:80\n", number);
  while (!gw_ctx_err(ctx)) {
    CHECK(write_text(fd, beat));
    gw_select {
      gw_on_recv(gw_ctx_done(ctx)) {}
      gw_on_after(2 * GW_MS) {}
    }
  }
  if (polite) CHECK(write_text(fd, leave));
  gw_close_fd(fd);
}

static int find(struct lines *in, const char *name) {
  char line[80];
  snprintf(line, sizeof line, "find %s\n", name);
  CHECK(write_text(in->fd, line) && read_line(in, line, sizeof line) > 0);
  return atoi(line);
}

static void await_services(struct lines *in, int n) {
  while (find(in, "store") != n) gw_sleep(GW_MS);
}

int main(void) {
  char address[ADDRESS_MAX];
  int listening = listen_here(address);
  gw_chan(struct message) mailbox = gw_make(struct message, 0);
  gw_waitgroup server = {0}, services = {0};
  gw_ctx *leaving = gw_ctx_with_cancel(gw_ctx_background()), *dying = gw_ctx_with_cancel(gw_ctx_background());
  gw_waitgroup_go(&server, registry, mailbox);
  gw_waitgroup_go(&server, serve, listening, mailbox);
  for (int i = 0; i < SERVICES; i++)
    gw_waitgroup_go(&services, service, address, i % 2 ? leaving : dying, i, i % 2 == 1);
  struct lines client = {.fd = connect_to(address)};
  await_services(&client, SERVICES);
  CHECK(find(&client, "mail") == 0);
  gw_ctx_cancel(leaving);
  await_services(&client, SERVICES / 2); /* at once */
  gw_ctx_cancel(dying);
  gw_waitgroup_wait(&services);
  await_services(&client, 0); /* after they were silent for long enough */
  printf("all are gone, two of them without a word\n");
  gw_close_fd(client.fd);
  gw_close_fd(listening);
  gw_waitgroup_wait(&server);
  all_ended();
  gw_chan_free(mailbox);
  gw_ctx_free(leaving);
  gw_ctx_free(dying);
}
