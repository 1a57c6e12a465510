/* Characters, lines, buffers and locks of stdio.  What a call does under the FILE's lock by itself orders nothing that
 * the program could rely on; what goes through a FILE into a pipe or a connection does, as with read and write.
 *
 * When libc reads and writes the descriptor we can't see.  Each call that may do so counts as if it did: what is
 * written is released by the call that puts it in and by the one that flushes, and who reads takes what was there.
 * Single characters do only where the buffer's end shows that libc will ask the system. */
#include "detector/libc.h"

void stdio_gives(struct race_g *g, const FILE *f) {
  int fd = f->_fileno;
  if (g && fd >= 0 && fd_orders(fd)) fd_release(g, fd);
}
void stdio_takes(struct race_g *g, const FILE *f) {
  int fd = f->_fileno;
  if (g && fd >= 0 && fd_orders(fd)) fd_acquire(g, fd);
}

/* --- characters ----------------------------------------------------------------------------------------------------
 */

#define GETS(name, params, arguments, f)                                      \
  int __gw_i_##name params {                                                  \
    const char *at = f->_IO_read_ptr, *end = f->_IO_read_end;                 \
    int c = name arguments;                                                   \
    if (at >= end || f->_IO_read_ptr != at + 1) stdio_takes(posix_self(), f); \
    return c;                                                                 \
  }
GETS(getc, (FILE * f), (f), f)
GETS(fgetc, (FILE * f), (f), f)
GETS(getchar, (void), (), stdin)
GETS(getc_unlocked, (FILE * f), (f), f)
GETS(fgetc_unlocked, (FILE * f), (f), f)
GETS(getchar_unlocked, (void), (), stdin)

#define PUTS(name, params, arguments, f)                                    \
  int __gw_i_##name params {                                                \
    if (f->_IO_write_ptr >= f->_IO_write_end) stdio_gives(posix_self(), f); \
    return name arguments;                                                  \
  }
PUTS(putc, (int c, FILE *f), (c, f), f)
PUTS(fputc, (int c, FILE *f), (c, f), f)
PUTS(putchar, (int c), (c), stdout)
PUTS(putc_unlocked, (int c, FILE *f), (c, f), f)
PUTS(fputc_unlocked, (int c, FILE *f), (c, f), f)
PUTS(putchar_unlocked, (int c), (c), stdout)

/* What glibc's macros for characters call where a buffer ends. */
int __gw_i___uflow(FILE *f) {
  int c = __uflow(f);
  stdio_takes(posix_self(), f);
  return c;
}
int __gw_i___overflow(FILE *f, int c) {
  stdio_gives(posix_self(), f);
  return __overflow(f, c);
}

/* Of all files at once, those that order something aren't known. */
#define FLUSHES(name)                    \
  int __gw_i_##name(FILE *f) {           \
    if (f) stdio_gives(posix_self(), f); \
    return name(f);                      \
  }
FLUSHES(fflush)
FLUSHES(fflush_unlocked)

/* --- buffers and lines ---------------------------------------------------------------------------------------------
 */

static size_t got(struct race_g *g, void *p, size_t n, FILE *f, struct race_at at) {
  stdio_takes(g, f);
  W(p, n);
  return n;
}
static void check_all(size_t room, size_t size, size_t n) {
  size_t all;
  check_room(__builtin_mul_overflow(size, n, &all) ? SIZE_MAX : all, room);
}
#define FREAD(name)                                                                    \
  size_t __gw_i_##name(void *p, size_t size, size_t n, FILE *f) {                      \
    CALLER();                                                                          \
    size_t items = name(p, size, n, f);                                                \
    got(g, p, items *size, f, at);                                                     \
    return items;                                                                      \
  }                                                                                    \
  size_t __gw_i___##name##_chk(void *p, size_t room, size_t size, size_t n, FILE *f) { \
    CALLER();                                                                          \
    check_all(room, size, n);                                                          \
    size_t items = name(p, size, n, f);                                                \
    got(g, p, items *size, f, at);                                                     \
    return items;                                                                      \
  }
FREAD(fread)
FREAD(fread_unlocked)

#define FWRITE(name)                                                    \
  size_t __gw_i_##name(const void *p, size_t size, size_t n, FILE *f) { \
    CALLER();                                                           \
    R(p, size *n);                                                      \
    stdio_gives(g, f);                                                  \
    return name(p, size, n, f);                                         \
  }
FWRITE(fwrite)
FWRITE(fwrite_unlocked)

static char *got_text(struct race_g *g, char *line, FILE *f, struct race_at at) {
  stdio_takes(g, f);
  if (line) W(line, strlen(line) + 1);
  return line;
}
#define FGETS(name)                                                    \
  char *__gw_i_##name(char *to, int n, FILE *f) {                      \
    CALLER();                                                          \
    return got_text(g, name(to, n, f), f, at);                         \
  }                                                                    \
  char *__gw_i___##name##_chk(char *to, size_t room, int n, FILE *f) { \
    CALLER();                                                          \
    check_room((size_t)n, room);                                       \
    return got_text(g, name(to, n, f), f, at);                         \
  }
FGETS(fgets)
FGETS(fgets_unlocked)

#define FPUTS(name)                           \
  int __gw_i_##name(const char *s, FILE *f) { \
    CALLER();                                 \
    R_STRING(s);                              \
    stdio_gives(g, f);                        \
    return name(s, f);                        \
  }
FPUTS(fputs)
FPUTS(fputs_unlocked)
int __gw_i_puts(const char *s) {
  CALLER();
  R_STRING(s);
  stdio_gives(g, stdout);
  return puts(s);
}

/* libc may have moved the line: then it was born again on the way (detector/interpose). */
static ssize_t got_line(struct race_g *g, ssize_t n, char **line, size_t *room, FILE *f, struct race_at at) {
  stdio_takes(g, f);
  W(line, sizeof *line);
  W(room, sizeof *room);
  if (n > 0) W(*line, (size_t)n + 1);
  return n;
}
ssize_t __gw_i_getline(char **line, size_t *room, FILE *f) {
  CALLER();
  return got_line(g, getline(line, room, f), line, room, f, at);
}
#define GETDELIM(name)                                                 \
  ssize_t __gw_i_##name(char **line, size_t *room, int end, FILE *f) { \
    CALLER();                                                          \
    return got_line(g, name(line, room, end, f), line, room, f, at);   \
  }
GETDELIM(getdelim)
GETDELIM(__getdelim) /* getline, as glibc's headers have it for optimised code */

/* --- locks ---------------------------------------------------------------------------------------------------------
 */

/* A recursive lock: an inner unlock adds to the clock as well, which only its holder could tell. */
static void file_locked(FILE *f) {
  struct race_g *g = posix_self();
  if (!g) return;
  race_acquire(g, f);
  g->thread_locks++;
}
void __gw_i_flockfile(FILE *f) {
  flockfile(f);
  file_locked(f);
}
int __gw_i_ftrylockfile(FILE *f) {
  int r = ftrylockfile(f);
  if (r == 0) file_locked(f);
  return r;
}
void __gw_i_funlockfile(FILE *f) {
  struct race_g *g = posix_self();
  if (g) {
    race_release_merge(g, f);
    if (g->thread_locks) g->thread_locks--;
  }
  funlockfile(f);
}
