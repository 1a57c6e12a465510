/* fetch.h: HTTP/1.0, as much as a profile needs. */
#include "cli/fetch.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/mem.h"

struct url {
  char *host, *port, *path;
};

static struct url url_parse(const char *text) {
  const char *host = text + strlen("http://"), *slash = host + strcspn(host, "/");
  char *place = mem_strndup(host, (size_t)(slash - host));
  char *colon = strrchr(place, ':');
  if (colon && strchr(colon, ']')) colon = NULL; /* within [v6] */
  struct url u = {.path = mem_strdup(*slash ? slash : "/"), .port = mem_strdup(colon ? colon + 1 : "80")};
  if (colon) *colon = 0;
  size_t n = strlen(place);
  bool v6 = n > 2 && place[0] == '[' && place[n - 1] == ']';
  u.host = v6 ? mem_strndup(place + 1, n - 2) : mem_strdup(place);
  free(place);
  return u;
}

static int dial(const struct url *u, char **why) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
  int e = getaddrinfo(u->host, u->port, &hints, &list), fd = -1;
  if (e != 0) {
    *why = mem_format("%s:%s: %s", u->host, u->port, gai_strerror(e));
    return -1;
  }
  for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) break;
    if (fd >= 0) close(fd);
    fd = -1;
  }
  if (fd < 0) *why = mem_format("%s:%s: %s", u->host, u->port, strerror(errno));
  freeaddrinfo(list);
  return fd;
}

static bool exchange(int fd, const char *request, struct buf *answer) {
  for (size_t n = strlen(request); n > 0;) {
    ssize_t sent = send(fd, request, n, MSG_NOSIGNAL);
    if (sent < 0) return false;
    request += sent;
    n -= (size_t)sent;
  }
  char part[16384];
  ssize_t got;
  while ((got = recv(fd, part, sizeof part, 0)) > 0) buf_add(answer, part, (size_t)got);
  return got == 0;
}

bool fetch(const char *url, int seconds, struct buf *body, char **why) {
  struct url u = url_parse(url);
  struct buf request = {0}, answer = {0};
  buf_format(&request, "GET %s", u.path);
  if (seconds > 0) buf_format(&request, "%cseconds=%d", strchr(u.path, '?') ? '&' : '?', seconds);
  buf_format(&request, " HTTP/1.0\r\nHost: %s\r\n\r\n", u.host);
  int fd = dial(&u, why);
  bool ok = fd >= 0 && exchange(fd, request.p, &answer);
  if (fd >= 0 && !ok) *why = mem_format("%s: %s", url, strerror(errno));
  if (fd >= 0) close(fd);
  const char *text = answer.p ? answer.p : "", *end = ok ? strstr(text, "\r\n\r\n") : NULL;
  if (ok && (!end || strncmp(text, "HTTP/1.", 7) != 0 || strncmp(text + 8, " 200", 4) != 0)) {
    *why = mem_format("%s: %.*s%s%s", url, (int)strcspn(text, "\r\n"), text, end ? ": " : "", end ? end + 4 : "");
    ok = false;
  }
  if (ok) buf_add(body, end + 4, answer.n - (size_t)(end + 4 - text));
  buf_free(&answer);
  buf_free(&request);
  free(u.host);
  free(u.port);
  free(u.path);
  return ok;
}
