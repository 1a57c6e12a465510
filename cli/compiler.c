/* Builds clang's command line.
 *
 * Ours go around the user's arguments and never between them: in front what a later argument may override, at the end
 * the runtime library, which everything before it may need.
 * - Linker inputs are given by -Xlinker, so that an -x before them doesn't turn a library into a source file.
 * - --start/--end-no-unused-arguments: an assembler file has no use for a plugin, and no warning is due for that.
 * - cl::opts go by `-Xclang -mllvm`: a bare -mllvm would reach the assembler and LTO's linker, where no plugin is.
 * - The runtime is linked whole: what interposes on libc, and what a library that is opened at run time needs, would
 *   otherwise stay in the archive.  Only executables get it: one runtime per process.
 */
#include "cli/compiler.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/parts.h"
#include "cli/spawn.h"

char *path_find(const char *name) {
  if (strchr(name, '/')) return access(name, X_OK) == 0 ? mem_strdup(name) : NULL;
  const char *path = getenv("PATH");
  for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; p;) {
    size_t n = strcspn(p, ":");
    char *full = mem_format("%.*s%s%s", (int)n, p, n ? "/" : "", name);
    if (access(full, X_OK) == 0) return full;
    free(full);
    p = p[n] ? p + n + 1 : NULL;
  }
  return NULL;
}

/* LLVM's own layout tells the version without running anything: BIN/../lib/clang/19. */
static bool layout_says_major(const char *clang) {
  char *real = realpath(clang, NULL);
  if (!real) return false;
  char *slash = strrchr(real, '/');
  bool named = slash && has_prefix(slash + 1, "clang"); /* not a wrapper beside it */
  if (slash) *slash = 0;
  char *dir = mem_format("%s/../lib/clang/%d", real, CLANG_MAJOR);
  bool yes = named && file_exists(dir);
  free(dir);
  free(real);
  return yes;
}

/* First line of `CLANG --version`, owned by the caller; empty if it can't be run. */
static char *ask_version(const char *clang) {
  struct buf out = {0};
  spawn((char *[]){(char *)clang, "--version", NULL}, NULL, NULL, &out, NULL, 30);
  char *text = buf_take(&out);
  text[strcspn(text, "\n")] = 0;
  return text;
}

static bool version_fits(const char *clang, char **why) {
  if (layout_says_major(clang)) return true;
  char *version = ask_version(clang);
  const char *at = strstr(version, "clang version ");
  bool fits = at && atoi(at + strlen("clang version ")) == CLANG_MAJOR;
  if (!fits)
    *why = mem_format("%s is no clang %d (it says '%s'): install clang-%d, or let GODWIT_CLANG name one", clang,
                      CLANG_MAJOR, *version ? version : "nothing", CLANG_MAJOR);
  free(version);
  return fits;
}

char *compiler_find(char **why) {
  const char *given = getenv("GODWIT_CLANG");
  char *clang;
  if (given && *given) {
    clang = path_find(given);
    if (!clang) *why = mem_format("GODWIT_CLANG names '%s', which can't be executed", given);
  } else {
    char name[16];
    snprintf(name, sizeof name, "clang-%d", CLANG_MAJOR);
    clang = path_find(name);
    if (!clang) *why = mem_format("no %s on PATH: `apt-get install %s`, or let GODWIT_CLANG name one", name, name);
  }
  if (clang && !version_fits(clang, why)) {
    free(clang);
    clang = NULL;
  }
  return clang;
}

static void add_plugin_option(struct strings *cmd, const char *name, const char *value) {
  strings_add(cmd, "-Xclang");
  strings_add(cmd, "-mllvm");
  strings_add(cmd, "-Xclang");
  strings_addf(cmd, "%s%s", name, value);
}

/* False after a complaint.  Plain code also runs without the pass, with fewer guarantees. */
static bool add_plugin(struct strings *cmd, const struct parts *p, const struct clang_args *a) {
  bool race = a->race;
  if (!file_exists(p->plugin)) {
    if (!race) {
      gw__warn("no plugin at %s: compiling without it (thread-locals and errno aren't safe across a blocking call)",
               p->plugin);
      return true;
    }
    fprintf(stderr, "godwit: no plugin at %s: build or install godwit again (`godwit doctor` checks it)\n", p->plugin);
    return false;
  }
  strings_addf(cmd, "-fplugin=%s", p->plugin);
  strings_addf(cmd, "-fpass-plugin=%s", p->plugin);
  add_plugin_option(cmd, "-godwit-mode=", race ? "race" : "plain");
  if (race && a->audit) add_plugin_option(cmd, "-godwit-audit", "");
  for (size_t i = 0; race && i < a->ignorelists.n; i++)
    add_plugin_option(cmd, "-godwit-ignorelist=", a->ignorelists.v[i]);
  return true;
}

static bool add_compile(struct strings *cmd, const struct clang_args *a, const struct parts *p) {
  strings_addf(cmd, "-I%s", p->include);
  if (a->race) strings_add(cmd, "-D__GODWIT_RACE__=1");
  if (a->compiles_cxx && !a->compiles) return true; /* C++ stays as it is */
  strings_add(cmd, "-fno-omit-frame-pointer");
  if (a->race) strings_add(cmd, "-fno-optimize-sibling-calls"); /* a stack shows every caller */
  return add_plugin(cmd, p, a);
}

static void add_linker(struct strings *cmd, const char *arg) {
  strings_add(cmd, "-Xlinker");
  strings_add(cmd, arg);
}

static bool check_file(const char *path) {
  if (file_exists(path)) return true;
  fprintf(stderr, "godwit: no library at %s: build or install godwit again (`godwit doctor` checks it)\n", path);
  return false;
}

/* Libc's plain names lead to the detector: in a dynamic program because ours come first, in a static one by --wrap. */
static bool add_interposers(struct strings *cmd, const struct clang_args *a, const struct parts *p) {
  const char *lib = a->is_static ? p->wrap : p->interpose;
  if (!check_file(lib) || (a->is_static && !check_file(p->wrap_args))) return false;
  add_linker(cmd, lib);
  /* As -Xlinker @FILE clang would read the file itself. */
  if (a->is_static) strings_addf(cmd, "-Wl,@%s", p->wrap_args);
  return true;
}

static bool add_library(struct strings *cmd, const struct clang_args *a, const struct parts *p) {
  const char *lib = a->race ? p->race : p->plain;
  if (!check_file(lib)) return false;
  add_linker(cmd, "--whole-archive");
  add_linker(cmd, lib);
  if (a->race && !add_interposers(cmd, a, p)) return false;
  /* A sanitizer has a malloc of its own, and in a static program libc's can't be replaced so. */
  if (!a->race && !a->is_static && !a->sanitizer && file_exists(p->heap)) add_linker(cmd, p->heap);
  add_linker(cmd, "--no-whole-archive");
  if (!a->is_static) {
    add_linker(cmd, "--export-dynamic-symbol=__gw_*");
    add_linker(cmd, "--export-dynamic-symbol=gw_*");
  }
  strings_add(cmd, "-lpthread");
  strings_add(cmd, "-ldl");
  strings_add(cmd, "-lm");
  return true;
}

/* A shared library finds the runtime in the executable: its names stay open, whatever -z defs before says. */
static void add_open_names(struct strings *cmd) {
  add_linker(cmd, "-z");
  add_linker(cmd, "undefs");
}

struct strings compiler_command(const char *clang, const struct clang_args *a) {
  const struct parts *p = parts_find();
  struct strings cmd = {0};
  bool ok = true;
  if (a->race && a->sanitizer) {
    fprintf(stderr, "godwit: -race and %s exclude one another: build once with each\n", a->sanitizer);
    return cmd;
  }
  strings_add(&cmd, clang);
  if (a->has_input) {
    strings_add(&cmd, "--start-no-unused-arguments");
    if (a->compiles || a->compiles_cxx) ok = add_compile(&cmd, a, p);
    strings_add(&cmd, "--end-no-unused-arguments");
  }
  for (size_t i = 0; i < a->rest.n; i++) strings_add(&cmd, a->rest.v[i]);
  if (ok && a->links) {
    if (a->shared)
      add_open_names(&cmd);
    else if (a->race || !a->no_stdlib)
      ok = add_library(&cmd, a, p);
  }
  if (!ok) strings_free(&cmd);
  return cmd;
}
