/* The names of variables that the pass wrote beside the code: .gw_names (report_format.h). */
#ifndef GW_CLI_NAMES_H
#define GW_CLI_NAMES_H
#include "cli/module.h"

struct gw_name {
  const char *name;   /* as in the source: "acct.balance" */
  const char *source; /* "local", "global" or "heap type" */
};
/* What is accessed at a source position by `op` (r, w or a).  False if nothing, or more than one thing, is recorded. */
bool names_find(struct module *m, const char *file, int line, int column, char op, struct gw_name *out);

#endif
