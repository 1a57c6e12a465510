/* `godwit cc`: becomes clang with our arguments around the user's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/clang_args.h"
#include "cli/command.h"
#include "cli/compiler.h"

const char help_cc[] =
    "usage: godwit cc [-race] CLANG-ARGUMENTS...\n"
    "       godwit-clang [-race] CLANG-ARGUMENTS...\n"
    "\n"
    "Runs clang-19 with godwit.h on the include path; links executables with the goroutine runtime.\n"
    "With -race (anywhere) compiled C code reports its accesses to the detector, and executables get it:\n"
    "give -race to compile and to link.  __GODWIT_RACE__ is then defined.\n"
    "\n"
    "godwit-clang is the same as one word, for build systems:\n"
    "  ./configure CC=godwit-clang CFLAGS='-g -O1 -race' LDFLAGS=-race\n"
    "  cmake -DCMAKE_C_COMPILER=godwit-clang -DCMAKE_C_FLAGS=-race\n"
    "\n"
    "-g gives reports lines and names; -O1 is a good level.  Shared libraries (-shared) and partial links (-r)\n"
    "find the runtime in the executable, which must be linked by godwit cc too.  C++ is compiled as it is.\n"
    "\n"
    "-fsanitize-ignorelist=FILE (LLVM's format: fun:, src: and mainfile: lines, in [thread] or no section) leaves\n"
    "plain accesses of what it names unchecked; atomics and calls that synchronise there still count.\n"
    "\n"
    "-Rpass=godwit says which checks stand for others, and what was moved out of loops.  --audit, with -race,\n"
    "leaves every check in its place: slower, and the same races.\n"
    "\n"
    "environment: GODWIT_CLANG names another clang 19.\n"
    "exit status: clang's; 125 if there is no clang 19 or a part of godwit is missing.\n";

int cmd_cc(int argc, char **argv) {
  if (argc < 2) return usage_error("cc", "nothing to compile");
  if (strcmp(argv[0], "cc") == 0 && strcmp(argv[1], "--help") == 0) return fputs(help_cc, stdout), 0;
  struct clang_args a = clang_args_read(argc - 1, argv + 1);
  char *why = NULL, *clang = compiler_find(&why);
  if (!clang) {
    fprintf(stderr, "godwit: %s\n", why);
    return STATUS_FAILED;
  }
  if (a.race && a.compiles_cxx) fputs("godwit: warning: C++ isn't instrumented: its races stay unseen\n", stderr);
  struct strings cmd = compiler_command(clang, &a);
  if (cmd.n == 0) return STATUS_FAILED;
  execv(clang, cmd.v);
  fprintf(stderr, "godwit: can't run %s: %s\n", clang, strerror(errno));
  return STATUS_FAILED;
}
