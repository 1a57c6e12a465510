/* What the programs with sockets share: the address that a listening socket was given, and reading a line. */
#ifndef NET_H
#define NET_H
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "pattern.h"

enum { ADDRESS_MAX = 32 };

/* Port 0 was asked for, so that two programs never want the same one; this is what the system chose. */
static inline void address_of(int listening, char address[ADDRESS_MAX]) {
  struct sockaddr_in in;
  socklen_t n = sizeof in;
  CHECK(getsockname(listening, (struct sockaddr *)&in, &n) == 0);
  snprintf(address, ADDRESS_MAX, "127.0.0.1:%d", ntohs(in.sin_port));
}

static inline int listen_here(char address[ADDRESS_MAX]) {
  int fd = gw_listen("127.0.0.1:0");
  CHECK(fd >= 0);
  address_of(fd, address);
  return fd;
}

struct lines {
  int fd;
  size_t from, to; /* of what was read and not given out */
  char bytes[1024];
};

/* One byte more, or false at the end (errno 0) or after an error. */
static inline bool read_byte(struct lines *l, char *c) {
  if (l->from == l->to) {
    ssize_t got = gw_read(l->fd, l->bytes, sizeof l->bytes);
    if (got == 0) errno = 0;
    if (got <= 0) return false;
    l->from = 0;
    l->to = (size_t)got;
  }
  *c = l->bytes[l->from++];
  return true;
}

/* The next line, cut at `max`, without its end: its length, or -1 as above. */
static inline ssize_t read_line(struct lines *l, char *line, size_t max) {
  size_t n = 0;
  for (char c; read_byte(l, &c);) {
    if (c == '\n') {
      if (n > 0 && line[n - 1] == '\r') n--;
      line[n] = 0;
      return (ssize_t)n;
    }
    if (n + 1 < max) line[n++] = c;
  }
  return -1;
}

static inline bool read_text(struct lines *l, char *text, size_t n) {
  text[n] = 0;
  for (size_t i = 0; i < n; i++)
    if (!read_byte(l, &text[i])) return false;
  return true;
}

static inline bool write_text(int fd, const char *text) {
  return gw_write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

#endif
