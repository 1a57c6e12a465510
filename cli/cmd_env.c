/* `godwit env`: the table of options, with what the environment makes of it, and where the parts are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "cli/command.h"
#include "cli/compiler.h"
#include "cli/parts.h"

const char help_env[] =
    "usage: godwit env\n"
    "\n"
    "Lists every key of the GODWIT variable with its value now (from GODWIT over GORACE over the defaults), its\n"
    "default and its meaning; a * marks what isn't the default.  Then the variables, and where godwit's parts are.\n"
    "\n"
    "GODWIT holds key=value pairs separated by spaces or commas: GODWIT=\"log_path=race.log halt_on_error=1\".\n"
    "\n"
    "exit status: 0, 64 bad usage.\n";

static void show_STR(char *out, size_t n, const char *v) { snprintf(out, n, "%s", v ? v : ""); }
static void show_INT(char *out, size_t n, int64_t v) { snprintf(out, n, "%" PRId64, v); }
static void show_BOOL(char *out, size_t n, bool v) { snprintf(out, n, "%d", v); }

static void print_option(const char *name, const char *value, const char *dflt, const char *help) {
  bool same = strcmp(value, dflt) == 0;
  printf("%c %-20s %-12s %-12s %s\n", same ? ' ' : '*', name, *value ? value : "-", *dflt ? dflt : "-", help);
}

static void print_options(void) {
  struct options dflts = {
#define OPT(type, name, dflt, help) .name = dflt,
#include "base/options.inc"
  };
  char value[256], dflt_text[256];
  printf("  %-20s %-12s %-12s\n", "key", "value", "default");
#define OPT(type, name, dflt, help)                     \
  show_##type(value, sizeof value, gw__opts.name);      \
  show_##type(dflt_text, sizeof dflt_text, dflts.name); \
  print_option(#name, value, dflt_text, help);
#include "base/options.inc"
}

static void print_variable(const char *name) {
  const char *v = getenv(name);
  printf("  %-20s %s\n", name, v ? v : "(not set)");
}

static void print_part(const char *name, const char *path) {
  printf("  %-20s %s%s\n", name, path, file_exists(path) ? "" : "  (missing)");
}

static void print_parts(void) {
  const struct parts *p = parts_find();
  char *why = NULL, *clang = compiler_find(&why);
  print_part("godwit", p->self);
  print_part("headers", p->include);
  print_part("plugin", p->plugin);
  print_part("library", p->plain);
  print_part("library with -race", p->race);
  printf("  %-20s %s\n", "clang", clang ? clang : why);
  free(clang);
  free(why);
}

int cmd_env(int argc, char **argv) {
  int n = parse_options(argc, argv, NULL, 0);
  if (n < 0) return STATUS_USAGE;
  if (n > 1) return usage_error("env", "no arguments, please");
  options_init();
  print_options();
  printf("\n");
  static const char *const variables[] = {"GODWIT",       "GORACE",     "GOMAXPROCS", "GODEBUG",
                                          "GODWIT_CLANG", "GODWIT_CLI", "NO_COLOR"};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) print_variable(variables[i]);
  printf("\n");
  print_parts();
  return 0;
}
