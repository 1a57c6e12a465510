/* `godwit`: finds the command and runs it.  Called as godwit-clang (by any name that ends so) it is `godwit cc`. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "cli/command.h"
#include "cli/mem.h"

const struct command command_table[] = {
#define COMMAND(name, summary) {#name, cmd_##name, help_##name, summary},
#include "cli/commands.inc"
};
const size_t command_count = sizeof command_table / sizeof command_table[0];

const struct command *command_find(const char *name) {
  for (size_t i = 0; i < command_count; i++)
    if (strcmp(command_table[i].name, name) == 0) return &command_table[i];
  return NULL;
}

int usage_error(const char *command, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fprintf(stderr, "godwit%s%s: ", *command ? " " : "", command);
  vfprintf(stderr, fmt, ap);
  fprintf(stderr, " (see `godwit help%s%s`)\n", *command ? " " : "", command);
  va_end(ap);
  return STATUS_USAGE;
}

static int unknown_option(const char *command, const char *arg, const struct option_spec *specs, size_t count) {
  char *name = mem_strndup(arg, strcspn(arg, "="));
  const char **names = mem_alloc((count + 1) * sizeof *names);
  for (size_t i = 0; i < count; i++) names[i] = specs[i].name;
  names[count] = "--help";
  const char *near = options_nearest(name, names, count + 1);
  if (near)
    usage_error(command, "unknown option '%s'; did you mean '%s'?", name, near);
  else
    usage_error(command, "unknown option '%s'", name);
  free(names);
  free(name);
  return -1;
}

/* Takes one option at argv[i]; returns how many arguments it used, or -1. */
static int take_option(int argc, char **argv, int i, const struct option_spec *specs, size_t count) {
  const char *arg = argv[i];
  size_t name_n = strcspn(arg, "=");
  for (size_t k = 0; k < count; k++) {
    if (strlen(specs[k].name) != name_n || strncmp(specs[k].name, arg, name_n) != 0) continue;
    if (specs[k].flag) {
      if (arg[name_n]) return usage_error(argv[0], "%s takes no value", specs[k].name), -1;
      return *specs[k].flag = true, 1;
    }
    if (arg[name_n]) return *specs[k].value = arg + name_n + 1, 1;
    if (i + 1 == argc) return usage_error(argv[0], "%s needs a value", arg), -1;
    return *specs[k].value = argv[i + 1], 2;
  }
  return unknown_option(argv[0], arg, specs, count);
}

/* What the user doesn't get to read has not been told. */
static int after_output(const char *name, int status) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  fprintf(stderr, "godwit %s: can't write the output: %s\n", name, strerror(errno));
  return STATUS_FAILED;
}

int parse_options(int argc, char **argv, const struct option_spec *specs, size_t count) {
  int kept = 1;
  for (int i = 1; i < argc;) {
    if (strcmp(argv[i], "--") == 0) {
      for (i++; i < argc; i++) argv[kept++] = argv[i];
      break;
    }
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      fputs(command_find(argv[0])->help, stdout);
      exit(after_output(argv[0], 0));
    }
    if (argv[i][0] != '-' || !argv[i][1]) {
      argv[kept++] = argv[i++];
      continue;
    }
    int used = take_option(argc, argv, i, specs, count);
    if (used < 0) return -1;
    i += used;
  }
  argv[kept] = NULL;
  return kept;
}

static void print_help(FILE *to) {
  fputs("usage: godwit COMMAND [ARGUMENTS]\n\ngoroutines for C, with a race detector\n\n", to);
  for (size_t i = 0; i < command_count; i++)
    fprintf(to, "  %-10s %s\n", command_table[i].name, command_table[i].summary);
  fputs(
      "  help       this list, or the help of a command\n"
      "\n`godwit run -race FILE.c` builds and checks a program; `CC=godwit-clang CFLAGS=-race` a whole project.\n"
      "Options at run time are in the GODWIT variable: `godwit env` lists them.\n",
      to);
}

static int unknown_command(const char *name) {
  const char **names = mem_alloc((command_count + 1) * sizeof *names);
  for (size_t i = 0; i < command_count; i++) names[i] = command_table[i].name;
  names[command_count] = "help";
  const char *near = options_nearest(name, names, command_count + 1);
  if (near)
    usage_error("", "unknown command '%s'; did you mean '%s'?", name, near);
  else
    usage_error("", "unknown command '%s'", name);
  free(names);
  return STATUS_USAGE;
}

static int help(int argc, char **argv) {
  if (argc < 2) return print_help(stdout), 0;
  const struct command *c = command_find(argv[1]);
  if (!c) return unknown_command(argv[1]);
  fputs(c->help, stdout);
  return 0;
}

static bool called_as_clang(const char *argv0) { return has_suffix(argv0, "godwit-clang"); }

int main(int argc, char **argv) {
  if (argc > 0 && called_as_clang(argv[0])) return cmd_cc(argc, argv);
  if (argc < 2) return print_help(stderr), STATUS_USAGE;
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
    return after_output("help", help(argc - 1, argv + 1));
  if (strcmp(name, "--version") == 0) return puts("godwit " GODWIT_VERSION), after_output(name, 0);
  const struct command *c = command_find(name);
  if (!c) return unknown_command(name);
  return after_output(name, c->run(argc - 1, argv + 1));
}
