/* What a clang command line will do: compile, link, neither.  Reads the arguments (response files too), runs nothing.
 */
#ifndef GW_CLI_CLANG_ARGS_H
#define GW_CLI_CLANG_ARGS_H
#include <stdbool.h>

#include "cli/mem.h"

struct clang_args {
  struct strings
      rest; /* the arguments for clang: without -race and --audit, response files as they were unless one held it */
  struct strings
      ignorelists;    /* files of -fsanitize-ignorelist= since the last -fno-sanitize-ignorelist; clang gets them too */
  bool race;          /* -race was among them */
  bool audit;         /* --audit was among them */
  bool has_input;     /* there is a file, a library or `-` */
  bool compiles;      /* some input goes through the compiler proper, and it's C (or what clang takes for C) */
  bool compiles_cxx;  /* some input is C++ */
  bool links;         /* ends in a link of an executable or a shared library */
  bool shared;        /* that link gives a shared library */
  bool is_static;     /* -static or -static-pie */
  char *sanitizer;    /* a -fsanitize= that has a runtime of its own for memory or threads; NULL for none; owned */
  bool no_stdlib;     /* -nostdlib, -nodefaultlibs or -nolibc */
  bool debug_chosen;  /* some -g option */
  bool level_chosen;  /* some -O option */
  bool output_chosen; /* -o */
};
struct clang_args clang_args_read(int argc, char **argv);
void clang_args_free(struct clang_args *a);

#endif
