/* A growing string of bytes, for rendering. */
#ifndef GW_CLI_BUF_H
#define GW_CLI_BUF_H
#include <stdbool.h>
#include <stddef.h>

struct buf {
  char *p;    /* n bytes and a NUL; NULL while empty */
  size_t n;   /* bytes in it */
  size_t cap; /* room, the NUL included */
};
void buf_add(struct buf *b, const char *s, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_format(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_repeat(struct buf *b, char c, size_t count);
/* The string, now the caller's (never NULL); the buffer is empty. */
char *buf_take(struct buf *b);
void buf_free(struct buf *b);

#endif
