/* The commands of `godwit`: one file each, with its help beside its parser; commands.inc lists them. */
#ifndef GW_CLI_COMMAND_H
#define GW_CLI_COMMAND_H
#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of the tool itself; fixed, as CI jobs rely on them. */
enum {
  STATUS_FINDINGS = 66, /* something was found */
  STATUS_USAGE = 64,    /* bad usage */
  STATUS_FAILED = 125,  /* godwit itself failed */
  STATUS_CANNOT_RUN = 126,
  STATUS_NOT_FOUND = 127
};

struct command {
  const char *name;                  /* the word after `godwit` */
  int (*run)(int argc, char **argv); /* argv[0] is the name; returns the exit status */
  const char *help;                  /* all of `godwit help NAME` */
  const char *summary;               /* its line in `godwit help` */
};
extern const struct command command_table[];
extern const size_t command_count;

#define COMMAND(name, summary)           \
  int cmd_##name(int argc, char **argv); \
  extern const char help_##name[];
#include "cli/commands.inc"

/* Looks a command up by name; NULL if there's none. */
const struct command *command_find(const char *name);

/* "godwit NAME: MESSAGE" and where the help is, on standard error; returns STATUS_USAGE. */
int usage_error(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Command line options of one command: `--name VALUE`, `--name=VALUE` or a bare `--name`. */
struct option_spec {
  const char *name;   /* with its dashes */
  const char **value; /* where a value goes; NULL for a bare option */
  bool *flag;         /* set by a bare option; NULL for one with a value */
};
/* Takes the options off argv: leaves the other arguments in argv[1..], returns how many there are (argv[0] included),
 * or -1 after a complaint (unknown option, with the nearest name; missing value).  Everything after `--` is no option.
 * `--help` prints the help and exits with 0. */
int parse_options(int argc, char **argv, const struct option_spec *specs, size_t count);

#endif
