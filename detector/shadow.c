/* shadow.h: finding room for the planes.
 *
 * The 47-bit address space is looked at in halves of a terabyte.  A *window* is one terabyte in which the program has
 * (or may soon have) mappings; its image in a plane is half a terabyte at base + window / 2.  Bases are chosen so that
 * no image meets a window or another image.  Bases are the same for all windows, which keeps the inline check at one
 * shift and one add; windows that turn up later get their images then.  Fixed bases (as ThreadSanitizer's) were
 * rejected: they fail when address randomisation is wider than foreseen.
 */
#include "detector/shadow.h"

#include <errno.h>
#include <stdlib.h>

#include "base/check.h"

struct shadow shadow;
uintptr_t __gw_shadow;

enum { WINDOWS = 128, HALVES = 256 }; /* of 2^47 bytes */
enum { IMAGES = 2 * PLANES + 1 };     /* of a window: cells, contexts, words */
#define WINDOW ((uintptr_t)1 << 40)
#define HALF ((uintptr_t)1 << 39)
#define META_WINDOW (WINDOW >> 6)
#define META_HALVES ((unsigned)(WINDOWS * META_WINDOW / HALF))

bool shadow_windows[WINDOWS]; /* grows under lock */
static bool half_taken[HALVES];
static struct spin_SHADOW lock;

/* Regions with something recorded: a flag for each of the address space, and a list of those that are set. */
static struct {
  uint8_t *noted; /* atomic bytes, by region */
  uint32_t *list;
  uint32_t n; /* guarded by lock */
  struct spin lock;
} regions;
enum { REGIONS = 1 << 27 };
#define PAGES ((size_t)1 << 35)
uint8_t *shadow_pages;

/* Marks the windows of one line of /proc/self/maps, "lo-hi ...". */
static void mark_mapping(uintptr_t lo, uintptr_t hi) {
  if (hi > WINDOW * WINDOWS) return; /* vsyscall */
  for (uintptr_t w = lo / WINDOW; w <= (hi - 1) / WINDOW; w++) shadow_windows[w] = true;
}

static bool hex(const char **at, uintptr_t *out) {
  uintptr_t v = 0;
  const char *s = *at;
  for (;; s++) {
    unsigned d = *s >= '0' && *s <= '9'   ? (unsigned)(*s - '0')
                 : *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a' + 10)
                                          : 16;
    if (d == 16) break;
    v = v << 4 | d;
  }
  if (s == *at) return false;
  *out = v;
  *at = s;
  return true;
}

static void mark_line(const char *line) {
  uintptr_t lo, hi;
  if (hex(&line, &lo) && *line++ == '-' && hex(&line, &hi) && hi > lo) mark_mapping(lo, hi);
}

static void mark_mappings(void) {
  int fd = prim_open_read("/proc/self/maps");
  if (fd < 0) gw__fatal("cannot read /proc/self/maps: mount /proc, or run without -race");
  char buf[4096], line[64];
  size_t line_n = 0;
  for (;;) {
    int64_t n = prim_read(fd, buf, sizeof buf);
    if (n <= 0) break;
    for (int64_t i = 0; i < n; i++) {
      if (buf[i] == '\n') {
        line[line_n] = 0;
        mark_line(line);
        line_n = 0;
      } else if (line_n + 1 < sizeof line) {
        line[line_n++] = buf[i];
      }
    }
  }
  prim_close(fd);
}

/* Mappings grow: the heap upwards from the program, the rest downwards from below the stack. Low addresses belong to
 * programs that aren't position-independent and to MAP_32BIT. The fewer of these there is room for, the more is found
 * out later (add_window): `want` of them, most needed first. */
enum { LOW = 1, DOWNWARDS, UPWARDS };
static void widen_windows(const bool *seen, int want) {
  for (int i = 0; i < WINDOWS; i++) shadow_windows[i] = seen[i];
  if (want >= LOW) shadow_windows[0] = true;
  for (int i = 1; i < WINDOWS; i++) {
    if (!seen[i]) continue;
    if (want >= DOWNWARDS && i >= 0x60 && !seen[i - 1]) shadow_windows[i - 1] = true;
    if (want >= UPWARDS && i < 0x60 && !seen[i + 1]) shadow_windows[i + 1] = true;
  }
}

static bool image_free(unsigned base) {
  for (unsigned w = 0; w < WINDOWS; w++)
    if (shadow_windows[w] && (base + w >= HALVES || half_taken[base + w])) return false;
  return true;
}

/* Reserves [at, at+n); false if something is in the way. */
static bool reserve(uintptr_t at, size_t n) {
  int r = prim_map_at(at, n);
  if (r == -EEXIST) return false;
  if (r < 0)
    gw__fatal(
        "the system refuses to reserve address space for shadow memory (error %d); check `ulimit -v` (want unlimited) "
        "and vm.overcommit_memory (want 0 or 1); `godwit doctor` tells more",
        -r);
  return true;
}

/* Of window w. */
static bool reserve_image(uintptr_t base, unsigned w) { return reserve(base + w * HALF, HALF); }

static void unreserve_images(uintptr_t base, unsigned end) {
  for (unsigned w = 0; w < end; w++)
    if (shadow_windows[w]) prim_unmap((void *)(base + w * HALF), HALF);
}

static bool reserve_plane(unsigned half) {
  for (unsigned w = 0; w < WINDOWS; w++) {
    if (!shadow_windows[w] || reserve_image(half * HALF, w)) continue;
    unreserve_images(half * HALF, w);
    return false;
  }
  for (unsigned w = 0; w < WINDOWS; w++)
    if (shadow_windows[w]) half_taken[half + w] = true;
  return true;
}

static uintptr_t place_plane(void) {
  for (unsigned half = 2; half < HALVES; half++)
    if (image_free(half) && reserve_plane(half)) return half * HALF;
  gw__fatal("no room for shadow memory in the address space; run with less address randomisation: setarch -R PROGRAM");
}

static uintptr_t place_meta(void) {
  const unsigned need = META_HALVES;
  for (unsigned half = 2; half + need <= HALVES; half++) {
    bool free = true;
    for (unsigned i = 0; i < need; i++) free &= !half_taken[half + i];
    if (!free) continue;
    bool ok = true;
    for (unsigned w = 0; w < WINDOWS && ok; w++)
      if (shadow_windows[w]) ok = reserve(half * HALF + w * META_WINDOW, META_WINDOW);
    if (!ok) continue;
    for (unsigned i = 0; i < need; i++) half_taken[half + i] = true;
    return half * HALF;
  }
  gw__fatal("no room for shadow memory in the address space; run with less address randomisation: setarch -R PROGRAM");
}

static uintptr_t *image_base(unsigned i) {
  return i < PLANES ? &shadow.cells[i] : i < 2 * PLANES ? &shadow.ctx[i - PLANES] : &shadow.words;
}

static void take_windows(void) {
  for (unsigned w = 0; w < WINDOWS; w++) half_taken[2 * w] = half_taken[2 * w + 1] = shadow_windows[w];
}

/* Is there room for the planes' images of these windows?  As place_meta and place_plane will find it. */
static bool images_fit(void) {
  unsigned planes = 0, row = 0;
  take_windows();
  for (unsigned half = 2; half < HALVES && row < META_HALVES; half++) {
    row = half_taken[half] ? 0 : row + 1;
    for (unsigned i = 0; row == META_HALVES && i < row; i++) half_taken[half - i] = true;
  }
  for (unsigned half = 2; half < HALVES && planes < IMAGES; half++) {
    if (!image_free(half)) continue;
    planes++;
    for (unsigned w = 0; w < WINDOWS; w++)
      if (shadow_windows[w]) half_taken[half + w] = true;
  }
  take_windows();
  return planes == IMAGES && row == META_HALVES;
}

/* With wide address randomisation the program's mappings may lie so that little else finds room. */
static void choose_windows(void) {
  bool seen[WINDOWS];
  mark_mappings();
  for (int i = 0; i < WINDOWS; i++) seen[i] = shadow_windows[i];
  for (int want = UPWARDS; want >= 0; want--) {
    widen_windows(seen, want);
    if (images_fit()) break;
  }
}

void shadow_init(void) {
  choose_windows();
  shadow.meta = place_meta();
  regions.noted = prim_map(REGIONS);
  regions.list = prim_map(REGIONS * sizeof *regions.list);
  shadow_pages = prim_map(PAGES);
  if (!regions.noted || !regions.list || !shadow_pages)
    gw__fatal("the system refuses address space for shadow memory: check `ulimit -v`");
  for (unsigned i = 0; i < IMAGES; i++) *image_base(i) = place_plane();
  __gw_shadow = shadow.cells[0];
}

/* A window that wasn't foreseen: its images must still be free in every plane. */
static bool add_window(unsigned w) {
  if (half_taken[2 * w] || half_taken[2 * w + 1]) return false;
  for (unsigned i = 0; i < IMAGES; i++) {
    unsigned image = (unsigned)(*image_base(i) / HALF) + w;
    if (image >= HALVES || half_taken[image] || image / 2 == w) return false;
    if (!reserve_image(image * HALF - w * HALF, w)) return false;
    half_taken[image] = true;
  }
  if (prim_map_at(shadow.meta + w * META_WINDOW, META_WINDOW) != 0) return false;
  half_taken[2 * w] = half_taken[2 * w + 1] = true;
  __atomic_store_n(&shadow_windows[w], true, __ATOMIC_RELEASE);
  return true;
}

bool shadow_cover(uintptr_t lo, uintptr_t hi) {
  bool ok = true;
  spin_lock(&lock);
  for (uintptr_t w = lo / WINDOW; ok && w <= (hi - 1) / WINDOW; w++)
    ok = w < WINDOWS && (shadow_windows[w] || add_window((unsigned)w));
  spin_unlock(&lock);
  return ok;
}

void shadow_each_window(void (*f)(uintptr_t lo, uintptr_t hi, void *arg), void *arg) {
  for (unsigned w = 0; w < WINDOWS; w++)
    if (shadow_windows[w]) f(w * WINDOW, (w + 1) * WINDOW, arg);
}

void shadow_note_line(uintptr_t line) {
  uint8_t *page = &shadow_pages[line >> PAGE_LINES_LOG];
  if (__atomic_load_n(page, __ATOMIC_RELAXED)) return;
  __atomic_store_n(page, 1, __ATOMIC_RELAXED);
  uintptr_t region = line / REGION_LINES;
  if (__atomic_load_n(&regions.noted[region], __ATOMIC_RELAXED)) return;
  spin_lock(&regions.lock);
  if (!regions.noted[region]) {
    regions.noted[region] = 1;
    regions.list[regions.n++] = (uint32_t)region;
  }
  spin_unlock(&regions.lock);
}

uintptr_t shadow_noted_line(uintptr_t line, uintptr_t end) {
  uintptr_t page = line >> PAGE_LINES_LOG, end_page = (end + PAGE_LINES - 1) >> PAGE_LINES_LOG;
  if (page < end_page && shadow_page_is_noted(line)) return line;
  for (page++; page < end_page; page++) {
    if ((page & 7) == 0 && page + 8 <= end_page &&
        !__atomic_load_n((const uint64_t *)(const void *)&shadow_pages[page], __ATOMIC_RELAXED)) {
      page += 7;
      continue;
    }
    if (__atomic_load_n(&shadow_pages[page], __ATOMIC_RELAXED)) return page << PAGE_LINES_LOG;
  }
  return end;
}

void shadow_each_region(void (*f)(uintptr_t line, void *arg), void *arg) {
  for (uint32_t i = 0; i < regions.n; i++) f((uintptr_t)regions.list[i] * REGION_LINES, arg);
}
