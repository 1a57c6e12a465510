/* Looks beside the executable: PREFIX/bin/godwit has PREFIX/include and PREFIX/lib/godwit. */
#include "cli/parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cli/mem.h"

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

static char *self_path(void) {
  char buf[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
  if (n > 0) return mem_strndup(buf, (size_t)n);
  /* no /proc: what the kernel was given to execute */
  const char *given = (const char *)getauxval(AT_EXECFN);
  char *full = given ? realpath(given, NULL) : NULL;
  return full ? full : mem_strdup("godwit");
}

static char *dirname_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
}

/* An installation may keep libraries in lib, lib64 or lib/TRIPLET. */
static char *find_lib(const char *prefix) {
  static const char *const names[] = {"lib", GODWIT_INSTALL_LIBDIR, "lib64"};
  char *first = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char *dir = mem_format("%s/%s/godwit", prefix, names[i]);
    if (file_exists(dir)) {
      free(first);
      return dir;
    }
    if (first)
      free(dir);
    else
      first = dir;
  }
  return first;
}

const struct parts *parts_find(void) {
  static struct parts p;
  if (p.self) return &p;
  p.self = self_path();
  char *bin = dirname_of(p.self), *prefix = dirname_of(bin);
  p.include = mem_format("%s/include", prefix);
  p.lib = find_lib(prefix);
  p.plugin = mem_format("%s/godwit_pass.so", p.lib);
  p.plain = mem_format("%s/libgodwit.a", p.lib);
  p.race = mem_format("%s/libgodwit_race.a", p.lib);
  p.heap = mem_format("%s/libgodwit_heap.a", p.lib);
  p.interpose = mem_format("%s/libgodwit_interpose.a", p.lib);
  p.wrap = mem_format("%s/libgodwit_wrap.a", p.lib);
  p.wrap_args = mem_format("%s/wrap.args", p.lib);
  free(bin);
  free(prefix);
  return &p;
}
