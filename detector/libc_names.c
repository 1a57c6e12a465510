/* Databases: users, groups, hosts, services and protocols.  A name that is looked up is read; what is found is a
 * structure, and texts and lists that it points to: in the caller's buffer, or, of functions that have no _r, in memory
 * of libc's that the next call writes again, whoever calls, and that is reported as what it is.
 *
 * In a static program these want shared libraries, so they are there only if the program itself calls them
 * (GW_INTERCEPT_LINKED). */
#include "detector/libc.h"

#include "detector/heap.h"

/* Where a structure was filled in. */
struct filled {
  struct race_g *g; /* not NULL */
  struct race_at at;
  const char *room; /* the caller's buffer; NULL: libc's own memory */
  size_t room_n;
};

/* A structure may point to constants as well, which nobody has written.  libc's own buffers are blocks of the heap. */
static bool is_filled(const struct filled *f, const void *p) {
  struct heap_block block;
  if (!p) return false;
  return f->room ? (uintptr_t)p - (uintptr_t)f->room < f->room_n : heap_find((uintptr_t)p, &block);
}

static void filled(const struct filled *f, const void *p, size_t n) {
  if (is_filled(f, p)) posix_write(f->g, p, n, f->at);
}
static void text(const struct filled *f, const char *s) {
  if (is_filled(f, s)) posix_write(f->g, s, strlen(s) + 1, f->at);
}
static size_t length(char *const *list) {
  size_t n = 0;
  while (list && list[n]) n++;
  return n;
}
static void texts(const struct filled *f, char *const *list) {
  size_t n = length(list);
  filled(f, list, (n + 1) * sizeof *list);
  for (size_t i = 0; i < n; i++) text(f, list[i]);
}

static void fill_passwd(const struct filled *f, const struct passwd *p) {
  text(f, p->pw_name);
  text(f, p->pw_passwd);
  text(f, p->pw_gecos);
  text(f, p->pw_dir);
  text(f, p->pw_shell);
}
static void fill_group(const struct filled *f, const struct group *p) {
  text(f, p->gr_name);
  text(f, p->gr_passwd);
  texts(f, p->gr_mem);
}
static void fill_hostent(const struct filled *f, const struct hostent *p) {
  text(f, p->h_name);
  texts(f, p->h_aliases);
  size_t n = length(p->h_addr_list);
  filled(f, p->h_addr_list, (n + 1) * sizeof *p->h_addr_list);
  for (size_t i = 0; i < n; i++) filled(f, p->h_addr_list[i], (size_t)p->h_length);
}
static void fill_servent(const struct filled *f, const struct servent *p) {
  text(f, p->s_name);
  text(f, p->s_proto);
  texts(f, p->s_aliases);
}
static void fill_protoent(const struct filled *f, const struct protoent *p) {
  text(f, p->p_name);
  texts(f, p->p_aliases);
}

/* `reads` is done before the call. */
#define OF_ALL(name, type, params, arguments, reads)              \
  struct type *__gw_i_##name params {                             \
    CALLER();                                                     \
    reads;                                                        \
    struct type *found = name arguments;                          \
    if (!g || !found) return found;                               \
    W(found, sizeof *found);                                      \
    fill_##type(&(struct filled){g, at, .room = NULL, 0}, found); \
    return found;                                                 \
  }
/* `more` is done after it. */
#define OF_CALLER(name, type, params, arguments, reads, more) \
  int __gw_i_##name params {                                  \
    CALLER();                                                 \
    reads;                                                    \
    int r = name arguments;                                   \
    if (!g) return r;                                         \
    W(found, sizeof *found);                                  \
    more;                                                     \
    if (!*found) return r;                                    \
    W(to, sizeof *to);                                        \
    fill_##type(&(struct filled){g, at, room, n}, to);        \
    return r;                                                 \
  }
/* What all of them are given: where to put what is found, and where to say so. */
#define ROOM(type) struct type *to, char *room, size_t n, struct type **found
#define THE_ROOM to, room, n, found
#define RR_STRINGS(a, b) (R_STRING(a), (b) ? R_STRING(b) : (void)0)

OF_ALL(getpwnam, passwd, (const char *name), (name), R_STRING(name))
OF_ALL(getpwuid, passwd, (uid_t id), (id), )
OF_ALL(getpwent, passwd, (void), (), )
OF_CALLER(getpwnam_r, passwd, (const char *name, ROOM(passwd)), (name, THE_ROOM), R_STRING(name), )
OF_CALLER(getpwuid_r, passwd, (uid_t id, ROOM(passwd)), (id, THE_ROOM), , )
OF_CALLER(getpwent_r, passwd, (ROOM(passwd)), (THE_ROOM), , )

OF_ALL(getgrnam, group, (const char *name), (name), R_STRING(name))
OF_ALL(getgrgid, group, (gid_t id), (id), )
OF_ALL(getgrent, group, (void), (), )
OF_CALLER(getgrnam_r, group, (const char *name, ROOM(group)), (name, THE_ROOM), R_STRING(name), )
OF_CALLER(getgrgid_r, group, (gid_t id, ROOM(group)), (id, THE_ROOM), , )
OF_CALLER(getgrent_r, group, (ROOM(group)), (THE_ROOM), , )

/* As many are stored as there is room for, and how many there are. */
int __gw_i_getgrouplist(const char *user, gid_t id, gid_t *to, int *n) {
  CALLER();
  R_STRING(user);
  int had = *n, r = getgrouplist(user, id, to, n), stored = had < *n ? had : *n;
  W(n, sizeof *n);
  if (stored > 0) W(to, (size_t)stored * sizeof *to);
  return r;
}

OF_ALL(gethostbyname, hostent, (const char *name), (name), R_STRING(name))
OF_ALL(gethostbyname2, hostent, (const char *name, int family), (name, family), R_STRING(name))
OF_ALL(gethostbyaddr, hostent, (const void *a, socklen_t a_n, int family), (a, a_n, family), R(a, a_n))
OF_ALL(gethostent, hostent, (void), (), )
#define ERROR W(err, sizeof *err)
OF_CALLER(gethostbyname_r, hostent, (const char *name, ROOM(hostent), int *err), (name, THE_ROOM, err), R_STRING(name),
          ERROR)
OF_CALLER(gethostbyname2_r, hostent, (const char *name, int family, ROOM(hostent), int *err),
          (name, family, THE_ROOM, err), R_STRING(name), ERROR)
OF_CALLER(gethostbyaddr_r, hostent, (const void *a, socklen_t a_n, int family, ROOM(hostent), int *err),
          (a, a_n, family, THE_ROOM, err), R(a, a_n), ERROR)

OF_ALL(getservbyname, servent, (const char *name, const char *of), (name, of), RR_STRINGS(name, of))
OF_ALL(getservbyport, servent, (int port, const char *of), (port, of), if (of) R_STRING(of))
OF_ALL(getservent, servent, (void), (), )
OF_CALLER(getservbyname_r, servent, (const char *name, const char *of, ROOM(servent)), (name, of, THE_ROOM),
          RR_STRINGS(name, of), )
OF_CALLER(getservbyport_r, servent, (int port, const char *of, ROOM(servent)), (port, of, THE_ROOM),
          if (of) R_STRING(of), )

OF_ALL(getprotobyname, protoent, (const char *name), (name), R_STRING(name))
OF_ALL(getprotobynumber, protoent, (int number), (number), )
OF_ALL(getprotoent, protoent, (void), (), )
OF_CALLER(getprotobyname_r, protoent, (const char *name, ROOM(protoent)), (name, THE_ROOM), R_STRING(name), )
OF_CALLER(getprotobynumber_r, protoent, (int number, ROOM(protoent)), (number, THE_ROOM), , )

int __gw_i_getnameinfo(const struct sockaddr *restrict a, socklen_t a_n, char *restrict host, socklen_t host_n,
                       char *restrict service, socklen_t service_n, int flags) {
  CALLER();
  R(a, a_n);
  int r = getnameinfo(a, a_n, host, host_n, service, service_n, flags);
  if (r == 0 && host && host_n) W(host, strlen(host) + 1);
  if (r == 0 && service && service_n) W(service, strlen(service) + 1);
  return r;
}
