/* A TCP echo server on godwit: a goroutine per connection.  Prints its address. */
#include <arpa/inet.h>
#include <godwit.h>
#include <stdio.h>
#include <sys/socket.h>

static void serve(int fd) {
  char buf[4096];
  for (ssize_t n; (n = gw_read(fd, buf, sizeof buf)) > 0;)
    if (gw_write(fd, buf, (size_t)n) != n) break;
  gw_close_fd(fd);
}

int main(void) {
  int listener = gw_listen("127.0.0.1:0");
  struct sockaddr_in a = {0};
  socklen_t size = sizeof a;
  if (listener < 0 || getsockname(listener, (struct sockaddr *)&a, &size) != 0) return 1;
  printf("%d\n", ntohs(a.sin_port));
  fflush(stdout);
  for (int fd; (fd = gw_accept(listener)) >= 0;) gw_go(serve, fd);
  return 1;
}
