/* Profiles of a process ask for whole batches of addresses at once: JSON for each would cost more than the look-up. */
#include "cli/addresses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/buf.h"
#include "cli/frames.h"
#include "cli/mem.h"

/* Where the function that holds the address begins; 0 if unknown. */
static uint64_t function_start(struct module *m, uint64_t address) {
  const struct unit_function *f = module_function(m, address);
  if (f) return f->lo;
  const struct module_symbol *s = module_find_symbol(m, address, false);
  return s ? s->lo : 0;
}

static void answer(char *line, struct buf *out) {
  char *after;
  uint64_t address = strtoull(line, &after, 16);
  char *build_id = *after ? after + 1 : after, *path = strchr(build_id, ' ');
  if (!path) {
    buf_str(out, "0 0\n");
    return;
  }
  *path++ = 0;
  struct module *m = module_open(path, strcmp(build_id, "-") == 0 ? NULL : build_id, 0);
  struct source_frame at[FRAMES_MAX];
  size_t n = frames_at(m, address, at);
  buf_format(out, "%zu %llx\n", n, (unsigned long long)function_start(m, address));
  for (size_t i = 0; i < n; i++)
    buf_format(out, "%d %s\t%s\n", at[i].line, at[i].function ? at[i].function : "", at[i].file ? at[i].file : "");
}

void addresses_serve(void) {
  char *line = NULL;
  size_t cap = 0;
  struct buf out = {0};
  for (ssize_t got; (got = getline(&line, &cap, stdin)) > 0;) {
    if (line[got - 1] == '\n') line[--got] = 0;
    if (got > 0) {
      answer(line, &out);
      continue;
    }
    printf("%zu\n", out.n);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    if (fflush(stdout) != 0) break; /* nobody listens any more */
  }
  buf_free(&out);
  free(line);
}
