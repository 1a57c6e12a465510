/* What _FORTIFY_SOURCE makes of calls, which glibc declares to no others. */
#ifndef GW_TEST_FORTIFIED_H
#define GW_TEST_FORTIFIED_H
#include "pairs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);
ssize_t __recvfrom_chk(int fd, void *to, size_t n, size_t room, int flags, struct sockaddr *from, socklen_t *from_n);
ssize_t __readlinkat_chk(int fd, const char *path, char *to, size_t n, size_t room);
int __ppoll_chk(struct pollfd *p, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room);
int __getgroups_chk(int n, gid_t *to, size_t room);
void __explicit_bzero_chk(void *to, size_t n, size_t room);

#endif
