/* The few things about clang's command line that the wrapper must know.  Everything else passes through unread, in its
 * order; an option that takes its value as the next argument must be listed here, or the value would look like an
 * input.
 */
#include "cli/clang_args.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NESTED = 16 }; /* response files in response files; a guess well beyond use */

struct scan {
  struct clang_args *out;
  bool stops;        /* -c and its like */
  bool relocatable;  /* -r */
  bool only_headers; /* every input so far is a header to precompile */
  bool race_in_file; /* a response file holds -race */
  char language[32]; /* what the last -x said; empty for none */
};

static bool takes_next(const char *arg) {
  static const char *const options[] = {"-o",
                                        "-x",
                                        "-I",
                                        "-D",
                                        "-U",
                                        "-L",
                                        "-l",
                                        "-B",
                                        "-F",
                                        "-G",
                                        "-T",
                                        "-u",
                                        "-z",
                                        "-e",
                                        "-A",
                                        "-b",
                                        "-J",
                                        "-V",
                                        "-include",
                                        "-imacros",
                                        "-isystem",
                                        "-iquote",
                                        "-idirafter",
                                        "-iprefix",
                                        "-iwithprefix",
                                        "-iwithprefixbefore",
                                        "-isysroot",
                                        "-iframework",
                                        "-isystem-after",
                                        "-ivfsoverlay",
                                        "-cxx-isystem",
                                        "-include-pch",
                                        "-MF",
                                        "-MT",
                                        "-MQ",
                                        "-MJ",
                                        "-Xclang",
                                        "-Xlinker",
                                        "-Xassembler",
                                        "-Xpreprocessor",
                                        "-Xanalyzer",
                                        "-Xopenmp-target",
                                        "-Xclangas",
                                        "-mllvm",
                                        "-target",
                                        "-arch",
                                        "-aux-info",
                                        "-dumpbase",
                                        "-dumpdir",
                                        "-framework",
                                        "-rpath",
                                        "-resource-dir",
                                        "-working-directory",
                                        "-serialize-diagnostics",
                                        "-dependency-file",
                                        "-gcc-toolchain",
                                        "-install_name",
                                        "-undefined",
                                        "-stdlib++-isystem",
                                        "-ccc-gcc-name",
                                        "-ccc-install-dir",
                                        "-wrapper",
                                        "-specs",
                                        "--param",
                                        "--include",
                                        "--config",
                                        "--sysroot",
                                        "--target",
                                        "--output",
                                        "--language",
                                        "--define-macro",
                                        "--undefine-macro",
                                        "--include-directory",
                                        "--library-directory",
                                        "--entry",
                                        "--for-linker",
                                        "--assert",
                                        "--prefix",
                                        "--serialize-diagnostics",
                                        "--system-header-prefix",
                                        "--no-system-header-prefix",
                                        "--output-class-directory",
                                        "--working-directory"};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (strcmp(arg, options[i]) == 0) return true;
  return false;
}

static bool stops_before_link(const char *arg) {
  static const char *const options[] = {"-c",
                                        "-S",
                                        "-E",
                                        "-fsyntax-only",
                                        "-M",
                                        "-MM",
                                        "--compile",
                                        "--assemble",
                                        "--preprocess",
                                        "--precompile",
                                        "--analyze",
                                        "-emit-ast",
                                        "-verify-pch",
                                        "--dependencies",
                                        "--user-dependencies",
                                        "-module-file-info",
                                        "-extract-api"};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (strcmp(arg, options[i]) == 0) return true;
  return false;
}

/* These interpose on what the detector interposes on; undefined, integer and the like don't. */
static void note_sanitizer(struct clang_args *o, const char *arg) {
  static const char *const names[] = {"address", "thread", "memory", "hwaddress", "leak", "dataflow", "realtime"};
  size_t skip = strlen("-fsanitize=");
  for (size_t i = 0; !o->sanitizer && i < sizeof names / sizeof names[0]; i++)
    for (const char *p = arg + skip; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
      size_t n = strcspn(p, ",");
      if (n != strlen(names[i]) || strncmp(p, names[i], n) != 0) continue;
      o->sanitizer = mem_strdup(arg);
      break;
    }
}

/* Clang itself looks whether they are there, and leaves them alone when no -fsanitize= is given. */
static void note_ignorelist(struct clang_args *o, const char *arg) {
  static const char *const options[] = {"-fsanitize-ignorelist=", "-fsanitize-blacklist="};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (has_prefix(arg, options[i])) strings_add(&o->ignorelists, arg + strlen(options[i]));
  if (strcmp(arg, "-fno-sanitize-ignorelist") == 0 || strcmp(arg, "-fno-sanitize-blacklist") == 0)
    strings_free(&o->ignorelists);
}

static void note_flag(struct scan *s, const char *arg) {
  struct clang_args *o = s->out;
  if (has_prefix(arg, "-f")) note_ignorelist(o, arg);
  if (has_prefix(arg, "-fsanitize=")) note_sanitizer(o, arg);
  if (stops_before_link(arg)) s->stops = true;
  if (strcmp(arg, "-shared") == 0 || strcmp(arg, "--shared") == 0) o->shared = true;
  if (strcmp(arg, "-r") == 0) s->relocatable = true;
  if (strcmp(arg, "-static") == 0 || strcmp(arg, "--static") == 0 || strcmp(arg, "-static-pie") == 0)
    o->is_static = true;
  if (strcmp(arg, "-nostdlib") == 0 || strcmp(arg, "-nodefaultlibs") == 0 || strcmp(arg, "-nolibc") == 0)
    o->no_stdlib = true;
  if (has_prefix(arg, "-g") && !has_prefix(arg, "-gcc-toolchain")) o->debug_chosen = true;
  if (has_prefix(arg, "-O")) o->level_chosen = true;
  if (has_prefix(arg, "-o") && !has_prefix(arg, "-object")) o->output_chosen = true;
  if (has_prefix(arg, "-l") || has_prefix(arg, "-Wl,")) o->has_input = true;
}

static bool is_cxx(const char *language, const char *file) {
  if (*language) return has_prefix(language, "c++") || has_prefix(language, "objective-c++");
  static const char *const suffixes[] = {".cc", ".cp", ".cxx", ".cpp", ".CPP", ".c++", ".C", ".ii", ".mm", ".cppm"};
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
    if (has_suffix(file, suffixes[i])) return true;
  return false;
}

static bool is_header(const char *language, const char *file) {
  if (*language) return has_suffix(language, "-header");
  return has_suffix(file, ".h") || has_suffix(file, ".hh") || has_suffix(file, ".hpp");
}

/* Goes to the linker or the assembler as it is. */
static bool skips_compiler(const char *language, const char *file) {
  if (*language) return has_prefix(language, "assembler");
  static const char *const suffixes[] = {".c", ".i", ".bc", ".ll", ".h", ".m"};
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
    if (has_suffix(file, suffixes[i])) return false;
  return strcmp(file, "-") != 0;
}

static void note_input(struct scan *s, const char *file) {
  struct clang_args *o = s->out;
  bool header = is_header(s->language, file);
  s->only_headers = (o->has_input ? s->only_headers : true) && header;
  o->has_input = true;
  if (is_cxx(s->language, file))
    o->compiles_cxx = true;
  else if (!skips_compiler(s->language, file))
    o->compiles = true;
}

static void note_language(struct scan *s, const char *language) {
  snprintf(s->language, sizeof s->language, "%s", strcmp(language, "none") == 0 ? "" : language);
}

static void scan_args(struct scan *s, size_t n, char **args, struct strings *keep, int depth);

/* One argument of a response file: blanks separate, quotes and backslashes protect.  Returns where to go on. */
static const char *next_word(const char *p, const char *end, struct strings *words) {
  while (p < end && isspace((unsigned char)*p)) p++;
  if (p == end) return p;
  char *word = mem_alloc((size_t)(end - p) + 1);
  size_t n = 0;
  char quote = 0;
  for (; p < end && (quote || !isspace((unsigned char)*p)); p++) {
    if (quote && *p == quote) {
      quote = 0;
    } else if (!quote && (*p == '"' || *p == '\'')) {
      quote = *p;
    } else if (*p == '\\' && p + 1 < end && quote != '\'') {
      word[n++] = *++p;
    } else {
      word[n++] = *p;
    }
  }
  strings_add(words, word);
  free(word);
  return p;
}

static bool read_words(const char *path, struct strings *words) {
  FILE *f = fopen(path, "re");
  if (!f) return false;
  char *text = NULL;
  size_t n = 0, cap = 0;
  for (size_t got = 1; got; n += got) {
    if (cap - n < 4096) text = mem_grow(text, cap = 2 * cap + 8192);
    got = fread(text + n, 1, cap - n, f);
  }
  fclose(f);
  for (const char *p = text; p < text + n;) p = next_word(p, text + n, words);
  free(text);
  return true;
}

/* A response file that can't be read is clang's to complain about. */
static void scan_file(struct scan *s, const char *arg, struct strings *keep, int depth) {
  struct strings words = {0};
  if (depth == MAX_NESTED || !read_words(arg + 1, &words)) {
    strings_add(keep, arg);
    return;
  }
  struct strings inner = {0};
  bool outer_race = s->out->race;
  s->out->race = false;
  scan_args(s, words.n, words.v, &inner, depth + 1);
  if (s->out->race)
    for (size_t i = 0; i < inner.n; i++) strings_add(keep, inner.v[i]);
  else
    strings_add(keep, arg);
  s->out->race |= outer_race;
  strings_free(&inner);
  strings_free(&words);
}

static void scan_args(struct scan *s, size_t n, char **args, struct strings *keep, int depth) {
  for (size_t i = 0; i < n; i++) {
    const char *arg = args[i];
    if (strcmp(arg, "-race") == 0) {
      s->out->race = true;
      continue;
    }
    if (strcmp(arg, "--audit") == 0) {
      s->out->audit = true;
      continue;
    }
    if (arg[0] == '@' && arg[1]) {
      scan_file(s, arg, keep, depth);
      continue;
    }
    strings_add(keep, arg);
    if (arg[0] != '-' || !arg[1]) {
      note_input(s, arg);
      continue;
    }
    note_flag(s, arg);
    if (has_prefix(arg, "-x") && arg[2]) note_language(s, arg + 2);
    if (!takes_next(arg) || i + 1 == n) continue;
    i++;
    strings_add(keep, args[i]);
    if (strcmp(arg, "-x") == 0) note_language(s, args[i]);
    if (strcmp(arg, "-Xlinker") == 0) s->out->has_input = true;
  }
}

struct clang_args clang_args_read(int argc, char **argv) {
  struct clang_args out = {0};
  struct scan s = {.out = &out};
  scan_args(&s, (size_t)argc, argv, &out.rest, 0);
  out.links = out.has_input && !s.stops && !s.relocatable && !s.only_headers;
  return out;
}

void clang_args_free(struct clang_args *a) {
  strings_free(&a->rest);
  strings_free(&a->ignorelists);
  free(a->sanitizer);
}
