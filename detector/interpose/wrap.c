/* In a static program, linked with --wrap for each name: the linker knows what is behind a stub as __real_NAME. */
#include "detector/interpose/stubs.h"

#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) extern __typeof__(name) __real_##name;
#include "godwit/intercept.inc"

unsigned char gw__real_ready = 0;

/* Weak: in a program with a malloc of its own libc's isn't linked, and these may be missing. */
#pragma weak __real_memalign
#pragma weak __real_aligned_alloc
#pragma weak __real_posix_memalign
#pragma weak __real_valloc
#pragma weak __real_pvalloc
extern __typeof__(malloc) __libc_malloc __attribute__((weak));

void gw__real_mend(void) {
#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) gw__real.name = __real_##name;
#include "godwit/intercept.inc"
  gw__real_foreign_malloc = __real_malloc != __libc_malloc;
  gw__real_ready = 1;
}

__attribute__((section(".preinit_array"), used)) static void (*const mend_first)(void) = gw__real_mend;
