/* What needs no look-up is parsed here, so that a program that uses digits and "localhost" only never enters libc's
 * resolver (which reads files, calls malloc, and isn't there in a static program). */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "godwit/net.h"

#pragma weak getaddrinfo
#pragma weak freeaddrinfo

static __attribute__((noinline)) int errno_now(void) { return errno; }
static __attribute__((noinline)) void errno_set(int e) { errno = e; }

static int look_up(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result,
                   int *error) {
  int e = getaddrinfo(node, service, hints, result);
  *error = errno_now(); /* on the thread that asked */
  return e;
}

int gw_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  if (!getaddrinfo) {
    errno_set(ENOSYS);
    return EAI_SYSTEM;
  }
  int error = 0;
  struct gw__call call = {
      (void (*)(void))look_up,
      {(uintptr_t)node, (uintptr_t)service, (uintptr_t)hints, (uintptr_t)result, (uintptr_t)&error}};
  int e = (int)gw__blocking(&call);
  errno_set(error);
  return e;
}

static int errno_of(int eai) {
  switch (eai) {
    case EAI_SYSTEM:
      return -errno_now();
    case EAI_MEMORY:
      return -ENOMEM;
    case EAI_AGAIN:
      return -EAGAIN;
    default:
      return -EHOSTUNREACH; /* no such host */
  }
}

static int resolve(const char *host, const char *port, bool listen, struct address *out) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = listen ? AI_PASSIVE : 0}, *list;
  int e = gw_getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
  if (e != 0) return errno_of(e);
  int n = 0;
  for (struct addrinfo *a = list; a && n < MAX_ADDRESSES; a = a->ai_next) {
    if (a->ai_addrlen > sizeof out->v6) continue;
    memcpy(&out[n].any, a->ai_addr, a->ai_addrlen);
    out[n++].n = a->ai_addrlen;
  }
  freeaddrinfo(list);
  return n > 0 ? n : -EHOSTUNREACH;
}

static int local_address(const char *path, struct address *out) {
  size_t n = strlen(path);
  if (n == 0) return -EINVAL;
  if (n >= sizeof out->local.sun_path) return -ENAMETOOLONG;
  *out = (struct address){.local = {.sun_family = AF_UNIX}};
  memcpy(out->local.sun_path, path, n);
  bool abstract = path[0] == '@';
  if (abstract) out->local.sun_path[0] = 0;
  out->n = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract);
  return 1;
}

static struct address v4(struct in_addr a, uint16_t port) {
  return (struct address){.v4 = {.sin_family = AF_INET, .sin_port = port, .sin_addr = a},
                          .n = sizeof(struct sockaddr_in)};
}
static struct address v6(const struct in6_addr *a, uint16_t port) {
  return (struct address){.v6 = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = *a},
                          .n = sizeof(struct sockaddr_in6)};
}

/* Without a look-up: how many, 0 if it takes one. */
static int known_host(const char *host, uint16_t port, bool listen, struct address *out) {
  struct in_addr a = {htonl(INADDR_LOOPBACK)};
  struct in6_addr b;
  if (strcmp(host, "localhost") == 0 || (!host[0] && !listen)) {
    out[0] = v4(a, port);
    out[1] = v6(&in6addr_loopback, port);
    return 2;
  }
  if (!host[0]) {
    out[0] = v6(&in6addr_any, port); /* takes v4 as well */
    out[1] = v4((struct in_addr){htonl(INADDR_ANY)}, port);
    return 2;
  }
  if (inet_pton(AF_INET, host, &a) == 1) return out[0] = v4(a, port), 1;
  if (inet_pton(AF_INET6, host, &b) == 1) return out[0] = v6(&b, port), 1;
  return 0;
}

/* The number in network order; false if it is a name. */
static bool known_port(const char *text, uint16_t *port) {
  unsigned n = 0;
  const char *c = text;
  for (; *c >= '0' && *c <= '9' && n <= 65535; c++) n = n * 10 + (unsigned)(*c - '0');
  *port = htons((uint16_t)n);
  return *c == 0 && c != text && n <= 65535;
}

/* Splits at the last colon, which an address in brackets may precede. */
static int split(const char *text, char host[256], const char **port) {
  const char *colon = strrchr(text, ':'), *from = text, *to = colon;
  if (!colon || !colon[1]) return -EINVAL;
  if (text[0] == '[') {
    if (colon == text || colon[-1] != ']') return -EINVAL;
    from++;
    to--;
  } else if (memchr(text, ':', (size_t)(colon - text))) {
    return -EINVAL; /* v6 without brackets */
  }
  if (to - from >= 256) return -EINVAL;
  memcpy(host, from, (size_t)(to - from));
  host[to - from] = 0;
  *port = colon + 1;
  return 0;
}

int address_parse(const char *text, bool listen, struct address out[MAX_ADDRESSES]) {
  if (strncmp(text, "unix:", 5) == 0) return local_address(text + 5, out);
  char host[256];
  const char *port;
  uint16_t number;
  int e = split(text, host, &port);
  if (e < 0) return e;
  if (known_port(port, &number)) {
    int n = known_host(host, number, listen, out);
    if (n > 0) return n;
  } else if (port[0] >= '0' && port[0] <= '9') {
    return -EINVAL;
  }
  return resolve(host, port, listen, out);
}
