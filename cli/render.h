/* A finding as text.  Pure: a record and options in, bytes out; source lines come through a function. */
#ifndef GW_CLI_RENDER_H
#define GW_CLI_RENDER_H
#include "cli/buf.h"
#include "cli/finding.h"

enum render_style { STYLE_GODWIT, STYLE_GO, STYLE_TSAN, STYLE_SHORT };

struct render_options {
  enum render_style style;
  bool color;
  const char *strip_prefix; /* cut from the front of file names; NULL for none */
  const char *cwd;          /* files below it are shown relative to it; NULL for none */
  /* As source_line of source.h; NULL for no excerpts. */
  const char *(*line)(const char *file, int line, size_t *length);
};

void render_text(const struct finding *f, const struct render_options *o, struct buf *out);

/* The styles; render_text picks one. */
void render_godwit(const struct finding *f, const struct render_options *o, struct buf *out);
/* A race at the lines of `before`: what is different in its calls. */
void render_godwit_again(const struct finding *f, const struct finding *before, const struct render_options *o,
                         struct buf *out);
void render_go(const struct finding *f, const struct render_options *o, struct buf *out);
void render_tsan(const struct finding *f, const struct render_options *o, struct buf *out);
void render_short(const struct finding *f, const struct render_options *o, struct buf *out);

/* Pieces that the styles share. */
const char *shown_path(const struct render_options *o, const char *file);
/* `file:line:column`, as much of it as is known, else `module+0xoffset`. */
void add_place(struct buf *b, const struct render_options *o, const struct frame *f);
void add_function(struct buf *b, const struct frame *f);
/* `goroutine 7 "teller"`, `thread 3`, `main`. */
void add_actor(struct buf *b, const struct actor *a);
/* What a data race is on: `'acct.balance' (8 bytes)`, or the address in words. */
void add_subject(struct buf *b, const struct finding *f);
/* The finding in one line, without its place: `data race on 'x' (8 bytes)`. */
void add_headline(struct buf *b, const struct finding *f);
/* Text from the program or its source: what would move a terminal's cursor, tabs aside, comes out as `?`. */
void add_clean(struct buf *b, const char *s, size_t n);
const char *base_name(const char *path);

/* Why it's a race, and what would mend it (explain.c): one line each, from what the record holds. */
void add_why(struct buf *b, const struct render_options *o, const struct finding *f);
void add_help(struct buf *b, const struct render_options *o, const struct finding *f);
/* The lock's name in quotes, or its address. */
void add_lock(struct buf *b, const struct lock *l);
/* False for one of the many that a place takes: the detector names some of them only. */
bool lock_is_known(const struct lock *l);
/* The same for a lock of an inversion: with the address if the finding calls another lock so too, or this one
 * otherwise. */
void add_circle_lock(struct buf *b, const struct finding *f, const struct lock *l);

#endif
