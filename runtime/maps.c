/* /proc/self/maps and pagemap.  All in static memory: what is allocated later isn't in the list (reach.c). */
#include "maps.h"

#include <string.h>

#include "base/code.h"
#include "base/own.h"

enum { MAPS_MAX = 32768, TEXT = 65536, WINDOW = 512, HOLES_MAX = 8192 + 4 };

static struct {
  struct map {
    uintptr_t lo, hi;
    uintptr_t begin; /* where lo was, before maps_skip_below */
    bool stack;      /* main's */
  } v[MAPS_MAX];
  uint32_t n, holes;
  struct map hole[HOLES_MAX]; /* the library's own variables, and its thread-locals of each thread */
  char text[TEXT];            /* the file, piece by piece */
  int pagemap;                /* descriptor; negative without */
  uint64_t page[WINDOW];      /* entries of pagemap from page_first on */
  uintptr_t page_first;       /* number of a page */
  uint32_t page_n;
} maps;

static uintptr_t hex(const char **at) {
  uintptr_t v = 0;
  for (;; ++*at) {
    char c = **at;
    if (c >= '0' && c <= '9')
      v = v * 16 + (uintptr_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      v = v * 16 + (uintptr_t)(c - 'a') + 10;
    else
      return v;
  }
}

static const char *skip_words(const char *at, int n) {
  for (; n > 0; n--) {
    while (*at && *at != ' ') at++;
    while (*at == ' ') at++;
  }
  return at;
}

static void add(uintptr_t lo, uintptr_t hi, bool stack) {
  if (lo < hi && maps.n < MAPS_MAX) maps.v[maps.n++] = (struct map){lo, hi, lo, stack};
}

/* The parts of [lo, hi) that aren't the library's own. */
static void add_others(uintptr_t lo, uintptr_t hi) {
  for (uintptr_t end; lo < hi; lo = end) {
    bool own = own_find(lo, &end);
    if (end > hi) end = hi;
    if (!own) add(lo, end, false);
  }
}

/* LO-HI PERMISSIONS OFFSET DEVICE INODE PATH */
static void take_line(const char *line) {
  uintptr_t lo = hex(&line);
  line++;
  uintptr_t hi = hex(&line);
  line++;
  const char *path = skip_words(line, 4);
  if (line[0] != 'r' || line[1] != 'w') return;
  if (line[3] == 's' && strncmp(path, "/dev/zero", 9) != 0) return; /* other processes' as well: no pointers of ours */
  if (strncmp(path, "[stack]", 7) == 0)
    add(lo, hi, true);
  else if (strncmp(path, "[heap]", 6) == 0)
    add(lo, hi, false);
  else
    add_others(lo, hi);
}

/* Takes the whole lines of text[0..n); returns where the rest begins. */
static size_t take_lines(size_t n) {
  size_t at = 0;
  for (char *end; at < n && (end = memchr(maps.text + at, '\n', n - at)); at = (size_t)(end - maps.text) + 1) {
    *end = 0;
    take_line(maps.text + at);
  }
  return at;
}

bool maps_begin(void) {
  maps.n = maps.page_n = maps.holes = 0;
  maps_hole((uintptr_t)gw__data_begin, (uintptr_t)gw__data_end);
  maps_hole((uintptr_t)gw__bss_begin, (uintptr_t)gw__bss_end);
  maps.pagemap = -1;
  int fd = prim_open_read("/proc/thread-self/maps"); /* the first thread may have ended before the others */
  if (fd < 0) fd = prim_open_read("/proc/self/maps");
  if (fd < 0) return false;
  size_t kept = 0;
  for (int64_t got; (got = prim_read(fd, maps.text + kept, TEXT - kept)) > 0;) {
    size_t n = kept + (size_t)got, used = take_lines(n);
    kept = n - used;
    memmove(maps.text, maps.text + used, kept);
  }
  prim_close(fd);
  maps.pagemap = prim_open_read("/proc/thread-self/pagemap");
  if (maps.pagemap < 0) maps.pagemap = prim_open_read("/proc/self/pagemap");
  return maps.n > 0 && maps.n < MAPS_MAX;
}

void maps_end(void) {
  if (maps.pagemap >= 0) prim_close(maps.pagemap);
}

static struct map *find(uintptr_t address) {
  uint32_t lo = 0, hi = maps.n; /* sorted, as the system lists them */
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (maps.v[mid].hi > address)
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo < maps.n && maps.v[lo].lo <= address ? &maps.v[lo] : NULL;
}

void maps_skip_below(uintptr_t top) {
  struct map *m = find(top);
  if (m) m->lo = top;
}

bool maps_below(uintptr_t address, uintptr_t top) {
  const struct map *m = find(top);
  return m && address >= m->begin && address < top;
}

void maps_hole(uintptr_t lo, uintptr_t hi) {
  if (maps.holes < HOLES_MAX) maps.hole[maps.holes++] = (struct map){.lo = lo, .hi = hi};
}

/* The hole that begins first in [lo, hi), or reaches into it. */
static const struct map *first_hole(uintptr_t lo, uintptr_t hi) {
  const struct map *first = NULL;
  for (uint32_t i = 0; i < maps.holes; i++) {
    const struct map *h = &maps.hole[i];
    if (h->hi > lo && h->lo < hi && (!first || h->lo < first->lo)) first = h;
  }
  return first;
}

static void each_but_holes(uintptr_t lo, uintptr_t hi, void (*f)(uintptr_t lo, uintptr_t hi)) {
  for (const struct map *h; lo < hi && (h = first_hole(lo, hi)); lo = h->hi)
    if (h->lo > lo) f(lo, h->lo);
  if (lo < hi) f(lo, hi);
}

void maps_each_root(void (*f)(uintptr_t lo, uintptr_t hi)) {
  for (uint32_t i = 0; i < maps.n; i++) {
    const struct map *m = &maps.v[i];
    if (!m->stack) each_but_holes(m->lo, m->hi, f);
  }
}

/* The kernel's bits: in memory, or swapped out. */
#define PAGE_USED(entry) ((entry) >> 62 != 0)

bool maps_used(uintptr_t at, uintptr_t hi, uintptr_t *end) {
  uintptr_t number = at / PRIM_PAGE;
  if (number < maps.page_first || number >= maps.page_first + maps.page_n) {
    int64_t n = maps.pagemap < 0 ? -1 : prim_read_at(maps.pagemap, maps.page, sizeof maps.page, number * 8);
    maps.page_first = number;
    maps.page_n = n > 0 ? (uint32_t)(n / 8) : 0;
    if (!maps.page_n) return *end = hi, true; /* not known: looked at */
  }
  uint32_t i = (uint32_t)(number - maps.page_first);
  bool used = PAGE_USED(maps.page[i]);
  while (++i < maps.page_n && PAGE_USED(maps.page[i]) == used) continue;
  *end = (maps.page_first + i) * PRIM_PAGE;
  if (*end > hi) *end = hi;
  return used;
}
