/* Annotations for code with synchronisation of its own; empty in the plain library. */
#include "g.h"

void gw_happens_before(const volatile void *addr) { race_release_merge(race_self(), (const void *)(uintptr_t)addr); }
void gw_happens_after(const volatile void *addr) { race_acquire(race_self(), (const void *)(uintptr_t)addr); }
void gw_race_ignore_begin(void) { race_ignore_begin(race_self()); }
void gw_race_ignore_end(void) { race_ignore_end(race_self()); }

/* The names that other tools gave them. */
void AnnotateHappensBefore(const char *file, int line, const volatile void *addr);
void AnnotateHappensAfter(const char *file, int line, const volatile void *addr);
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
__attribute__((weak)) void AnnotateHappensBefore(const char *file, int line, const volatile void *addr) {
  (void)file, (void)line;
  gw_happens_before(addr);
}
__attribute__((weak)) void AnnotateHappensAfter(const char *file, int line, const volatile void *addr) {
  (void)file, (void)line;
  gw_happens_after(addr);
}
__attribute__((weak)) void __tsan_acquire(void *addr) { gw_happens_after(addr); }
__attribute__((weak)) void __tsan_release(void *addr) { gw_happens_before(addr); }
