/* TCP echo server: a goroutine for each connection, written as if there were only one.  Closing the listening socket
 * ends the accept loop, and the wait group knows when the last connection is through. */
#include "net.h"

enum { CLIENTS = 20, ROUNDS = 30 };

static void echo(int fd) {
  char bytes[512];
  for (ssize_t n; (n = gw_read(fd, bytes, sizeof bytes)) > 0;)
    if (gw_write(fd, bytes, (size_t)n) != n) break;
  gw_close_fd(fd);
}

static void serve(int listening, gw_waitgroup *connections) {
  for (int fd; (fd = gw_accept(listening)) >= 0;) gw_waitgroup_go(connections, echo, fd);
  CHECK(errno == EBADF); /* closed, and not broken */
}

static void client(const char *address, int number, long *bytes) {
  int fd = gw_dial(address);
  CHECK(fd >= 0);
  struct lines in = {.fd = fd};
  for (int i = 0; i < ROUNDS; i++) {
    char line[64], answer[64];
    int n = snprintf(line, sizeof line, "client %d, line %d\n", number, i);
    CHECK(write_text(fd, line) && read_line(&in, answer, sizeof answer) == n - 1);
    CHECK(strncmp(line, answer, (size_t)n - 1) == 0);
    *bytes += n;
  }
  gw_close_fd(fd);
}

int main(void) {
  char address[ADDRESS_MAX];
  int listening = listen_here(address);
  gw_waitgroup server = {0}, connections = {0}, clients = {0};
  long bytes[CLIENTS] = {0}, sum = 0;
  gw_waitgroup_go(&server, serve, listening, &connections);
  for (int i = 0; i < CLIENTS; i++) gw_waitgroup_go(&clients, client, address, i, &bytes[i]);
  gw_waitgroup_wait(&clients);
  gw_close_fd(listening);
  gw_waitgroup_wait(&server); /* nobody adds a connection any more */
  gw_waitgroup_wait(&connections);
  for (int i = 0; i < CLIENTS; i++) sum += bytes[i];
  printf("%d clients got their %ld bytes back\n", CLIENTS, sum);
  all_ended();
}
