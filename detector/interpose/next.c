/* In a dynamic program: what comes after the executable in the order of look-up, libc's functions or those of a library
 * that was loaded before it.  A name that the program defines itself stays as it is. */
#include "detector/interpose/stubs.h"

#include <dlfcn.h>

unsigned char gw__real_ready = 0;

/* libc's, known at link time: for what the look-up itself allocates. */
extern __typeof__(malloc) __libc_malloc;
extern __typeof__(calloc) __libc_calloc;
extern __typeof__(realloc) __libc_realloc;
extern __typeof__(free) __libc_free;

/* Some functions of condition variables have an older version, which the look-up must not find.  A look-up that fails
 * allocates, and must not happen: a malloc that was loaded before libc may need what isn't mended yet. */
static bool has_older_version(const char *name) {
  return strncmp(name, "pthread_cond_", 13) == 0 && strcmp(name, "pthread_cond_clockwait") != 0;
}

static void *next(const char *name) {
  void *f = has_older_version(name) ? dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2") : dlsym(RTLD_NEXT, name);
  if (!f) gw__fatal("libc has no function %s: godwit needs glibc 2.34 or newer", name);
  return f;
}

/* A malloc that was loaded in libc's place: does it bring its malloc_usable_size along? */
static bool is_whole_malloc(void *its_malloc) {
  Dl_info one, other;
  void *usable = dlsym(RTLD_DEFAULT, "malloc_usable_size");
  return usable && dladdr(its_malloc, &one) && dladdr(usable, &other) && one.dli_fbase == other.dli_fbase;
}

static void mend(void *slot, const char *stub, const char *name) {
  void *f;
  memcpy(&f, slot, sizeof f);
  if (f != stub) return;
  f = next(name);
  memcpy(slot, &f, sizeof f);
}

void gw__real_mend(void) {
  static bool begun;
  if (begun) return;
  begun = true;
  struct libc_real mended = gw__real;
  bool own_malloc = (const char *)mended.malloc != gw__stub_malloc; /* the program's */
  gw__real_foreign_malloc = true;                                   /* until it is known better */
  if (!own_malloc) {
    gw__real.malloc = __libc_malloc;
    gw__real.calloc = __libc_calloc;
    gw__real.realloc = __libc_realloc;
    gw__real.free = __libc_free;
  }
#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) mend(&mended.name, gw__stub_##name, #name);
#include "godwit/intercept.inc"
  gw__real = mended;
  void *its_malloc;
  memcpy(&its_malloc, &mended.malloc, sizeof its_malloc);
  gw__real_foreign_malloc = own_malloc || !is_whole_malloc(its_malloc);
  gw__real_ready = 1;
}

__attribute__((section(".preinit_array"), used)) static void (*const mend_first)(void) = gw__real_mend;
