/* A growing text buffer and the little JSON that findings need; memory from the arena. */
#ifndef GW_BASE_JSON_H
#define GW_BASE_JSON_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct text {
  char *at;
  size_t n, cap;
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; bytes that aren't text come out as \u00XX. NULL gives null. */
void text_json(struct text *t, const char *s);
void text_free(struct text *t);

#endif
