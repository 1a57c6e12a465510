/* How findings are to be written: the options that `symbolize` and `report` share. */
#ifndef GW_CLI_OUTPUT_H
#define GW_CLI_OUTPUT_H
#include "cli/render.h"
#include "cli/shown.h"

struct output_flags { /* as given on the command line */
  const char *format, *style, *color, *strip_prefix;
};
#define OUTPUT_FLAGS_DEFAULT {"text", "godwit", "auto", ""}
#define OUTPUT_OPTIONS(f)                                                                          \
  {"--format", &(f).format, NULL}, {"--style", &(f).style, NULL}, {"--color", &(f).color, NULL}, { \
    "--strip-path-prefix", &(f).strip_prefix, NULL                                                 \
  }

struct output {
  bool json;
  struct render_options render;
  struct shown shown; /* so far */
};
/* False after a complaint in the name of `command`.  `fd` is where the text ends up, for --color=auto. */
bool output_init(struct output *o, const struct output_flags *flags, const char *command, int fd);
/* The finding in the chosen form.  Strips the prefix off the record's file names when that form is JSON. */
void output_finding(struct output *o, const struct finding *f, struct buf *out);
void output_free(struct output *o);

#endif
