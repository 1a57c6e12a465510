/* Memory of the command line tool: every call succeeds or ends the process with status 125. */
#ifndef GW_CLI_MEM_H
#define GW_CLI_MEM_H
#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t n);         /* zeroed */
void *mem_grow(void *p, size_t n); /* as realloc */
char *mem_strdup(const char *s);   /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A list of strings, NULL-terminated at all times, as execv wants it.  Owns its strings. */
struct strings {
  char **v;   /* n strings and a NULL */
  size_t n;   /* strings in it */
  size_t cap; /* room, the NULL included */
};
void strings_add(struct strings *l, const char *s);
void strings_addf(struct strings *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strings_free(struct strings *l);

bool has_prefix(const char *s, const char *prefix);
bool has_suffix(const char *s, const char *suffix);

#endif
