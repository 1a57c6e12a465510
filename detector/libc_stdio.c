/* Buffers, lines and locks of stdio.  What a call does under the FILE's lock by itself orders nothing that the program
 * could rely on. */
#include "detector/libc.h"

size_t __gw_i_fread(void *p, size_t size, size_t n, FILE *f) {
  CALLER();
  size_t got = fread(p, size, n, f);
  W(p, got * size);
  return got;
}
size_t __gw_i___fread_chk(void *p, size_t room, size_t size, size_t n, FILE *f) {
  CALLER();
  size_t all;
  check_room(__builtin_mul_overflow(size, n, &all) ? SIZE_MAX : all, room);
  size_t got = fread(p, size, n, f);
  W(p, got * size);
  return got;
}
size_t __gw_i_fwrite(const void *p, size_t size, size_t n, FILE *f) {
  CALLER();
  R(p, size * n);
  return fwrite(p, size, n, f);
}

char *__gw_i_fgets(char *to, int n, FILE *f) {
  CALLER();
  char *line = fgets(to, n, f);
  if (line) W(line, strlen(line) + 1);
  return line;
}
char *__gw_i___fgets_chk(char *to, size_t room, int n, FILE *f) {
  CALLER();
  check_room((size_t)n, room);
  char *line = fgets(to, n, f);
  if (line) W(line, strlen(line) + 1);
  return line;
}
int __gw_i_fputs(const char *s, FILE *f) {
  CALLER();
  R_STRING(s);
  return fputs(s, f);
}
int __gw_i_puts(const char *s) {
  CALLER();
  R_STRING(s);
  return puts(s);
}

/* libc may have moved the line: then it was born again on the way (detector/interpose). */
static inline ssize_t got_line(struct race_g *g, ssize_t n, char **line, size_t *room, struct race_at at) {
  W(line, sizeof *line);
  W(room, sizeof *room);
  if (n > 0) W(*line, (size_t)n + 1);
  return n;
}
ssize_t __gw_i_getline(char **line, size_t *room, FILE *f) {
  CALLER();
  return got_line(g, getline(line, room, f), line, room, at);
}
ssize_t __gw_i_getdelim(char **line, size_t *room, int end, FILE *f) {
  CALLER();
  return got_line(g, getdelim(line, room, end, f), line, room, at);
}

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
