/* `godwit explain GWnnnn`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/finding.h"
#include "cli/mem.h"

const char help_explain[] =
    "usage: godwit explain [GWnnnn]\n"
    "\n"
    "Says what a kind of finding means, with an example and what mends it.  Without one, lists the kinds.\n"
    "\n"
    "exit status: 0, 64 if there's no such kind.\n";

static const struct explanation {
  int code;                               /* 1001 is GW1001 */
  const char *meaning, *example, *remedy; /* lines of text */
} explanations[] = {
#define EXPLAIN(code, meaning, example, remedy) {code, meaning, example, remedy},
#include "cli/explanations.inc"
};
enum { EXPLANATIONS = sizeof explanations / sizeof explanations[0] };

static const struct explanation *find(const char *kind) {
  if (strncasecmp(kind, "GW", 2) == 0) kind += 2;
  char *end;
  long code = strtol(kind, &end, 10);
  if (end == kind || *end) return NULL;
  for (size_t i = 0; i < EXPLANATIONS; i++)
    if (explanations[i].code == code) return &explanations[i];
  return NULL;
}

static const char *title_of(const struct explanation *e) {
  char kind[16];
  snprintf(kind, sizeof kind, "GW%d", e->code);
  return kind_title(kind);
}

int cmd_explain(int argc, char **argv) {
  int n = parse_options(argc, argv, NULL, 0);
  if (n < 0) return STATUS_USAGE;
  if (n > 2) return usage_error("explain", "one kind at a time");
  if (n == 1) {
    for (size_t i = 0; i < EXPLANATIONS; i++) printf("GW%d  %s\n", explanations[i].code, title_of(&explanations[i]));
    return 0;
  }
  const struct explanation *e = find(argv[1]);
  if (!e) return usage_error("explain", "there is no kind '%s': `godwit explain` lists them", argv[1]);
  printf("GW%d: %s\n\n%s\n%s\n%s", e->code, title_of(e), e->meaning, e->example, e->remedy);
  return 0;
}
