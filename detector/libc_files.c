/* Names of files and folders: paths are read; entries, templates and lists are written. */
#include "detector/libc.h"

#define OF_PATH(type, name, params, arguments) \
  type __gw_i_##name params {                  \
    CALLER();                                  \
    R_STRING(path);                            \
    return name arguments;                     \
  }
OF_PATH(int, access, (const char *path, int how), (path, how))
OF_PATH(int, chdir, (const char *path), (path))
OF_PATH(int, chmod, (const char *path, mode_t mode), (path, mode))
OF_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode))
OF_PATH(int, remove, (const char *path), (path))
OF_PATH(int, rmdir, (const char *path), (path))
OF_PATH(int, truncate, (const char *path, off_t n), (path, n))
OF_PATH(int, unlink, (const char *path), (path))
OF_PATH(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))

#define OF_TWO(name)                                    \
  int __gw_i_##name(const char *path, const char *to) { \
    CALLER();                                           \
    R_STRING(path);                                     \
    R_STRING(to);                                       \
    return name(path, to);                              \
  }
OF_TWO(link)
OF_TWO(rename)
OF_TWO(symlink)

/* Entries lie in the folder's buffer, and stay until the next one is asked for. */
#define READDIR(name, type)            \
  struct type *__gw_i_##name(DIR *d) { \
    CALLER();                          \
    struct type *e = name(d);          \
    if (e) W(e, e->d_reclen);          \
    return e;                          \
  }
READDIR(readdir, dirent)
READDIR(readdir64, dirent64)

int __gw_i_scandir(const char *restrict path, struct dirent ***restrict list, int (*wanted)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **)) {
  CALLER();
  R_STRING(path);
  W(list, sizeof *list);
  return scandir(path, list, wanted, order);
}
int __gw_i_glob(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob_t *restrict out) {
  CALLER();
  R_STRING(pattern);
  W(out, sizeof *out);
  return glob(pattern, flags, failed, out);
}
void __gw_i_globfree(glob_t *out) {
  CALLER();
  W(out, sizeof *out);
  globfree(out);
}

#define TEMPLATE(type, name, params, arguments, made) \
  type __gw_i_##name params {                         \
    CALLER();                                         \
    if (g) W(path, strlen(path) + 1);                 \
    return made(name arguments);                      \
  }
TEMPLATE(int, mkstemp, (char *path), (path), posix_opened)
TEMPLATE(int, mkstemp64, (char *path), (path), posix_opened)
TEMPLATE(int, mkostemp, (char *path, int flags), (path, flags), posix_opened)
TEMPLATE(int, mkostemp64, (char *path, int flags), (path, flags), posix_opened)
TEMPLATE(int, mkstemps, (char *path, int end), (path, end), posix_opened)
TEMPLATE(char *, mkdtemp, (char *path), (path), )

#define OF_SYSTEM(name, type)                           \
  int __gw_i_##name(const char *path, struct type *s) { \
    CALLER();                                           \
    R_STRING(path);                                     \
    int r = name(path, s);                              \
    if (r == 0) W(s, sizeof *s);                        \
    return r;                                           \
  }                                                     \
  int __gw_i_f##name(int fd, struct type *s) {          \
    CALLER();                                           \
    int r = f##name(fd, s);                             \
    if (r == 0) W(s, sizeof *s);                        \
    return r;                                           \
  }
OF_SYSTEM(statfs, statfs)
OF_SYSTEM(statfs64, statfs64)
