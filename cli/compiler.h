/* The clang that godwit drives, and the command line that it gets. */
#ifndef GW_CLI_COMPILER_H
#define GW_CLI_COMPILER_H
#include "cli/clang_args.h"

/* The LLVM that the pass was built for; a plugin fits one major version only. */
enum { CLANG_MAJOR = 19 };

/* Path of a clang of the right version: $GODWIT_CLANG, else clang-19 on PATH.  NULL if there's none, and then *why is
 * one line with a way out (owned by the caller). */
char *compiler_find(char **why);

/* Finds `name` on PATH, or takes it as a path if it holds a slash; NULL if nothing there can be executed. */
char *path_find(const char *name);

/* The whole command line (argv[0] is `clang`) for these arguments, or an empty list after a complaint. */
struct strings compiler_command(const char *clang, const struct clang_args *a);

#endif
