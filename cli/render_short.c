/* One line for a finding, as a compiler prints an error. */
#include <string.h>

#include "cli/render.h"

static void add_accesses(struct buf *b, const struct render_options *o, const struct finding *f) {
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  buf_format(b, ": %s by ", late->op);
  add_actor(b, &late->actor);
  buf_format(b, ", earlier %s by ", early->op);
  add_actor(b, &early->actor);
  if (early->stack.n == 0) return;
  buf_str(b, " at ");
  add_place(b, o, &early->stack.v[0]);
}

void render_short(const struct finding *f, const struct render_options *o, struct buf *b) {
  const struct frame *place = finding_place(f);
  if (place)
    add_place(b, o, place);
  else
    buf_str(b, f->program ? base_name(f->program) : "godwit");
  buf_str(b, ": error: ");
  add_headline(b, f);
  if (f->access_count > 1) add_accesses(b, o, f);
  buf_format(b, " [%s]\n", f->kind);
}
