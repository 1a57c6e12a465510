/* Addresses as text: "host:port", ":port", "[v6]:port", "unix:/path", "unix:@name". */
#ifndef GW_RUNTIME_NET_ADDRESS_H
#define GW_RUNTIME_NET_ADDRESS_H
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/g.h"

struct address {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
  };
  uint32_t n; /* bytes of it */
};

enum { MAX_ADDRESSES = 16 };

/* The addresses that text stands for, in the order in which to try them: their number, or -errno.  A name is looked up,
 * for which the goroutine may wait. */
HIDDEN int address_parse(const char *text, bool listen, struct address out[MAX_ADDRESSES]);

#endif
