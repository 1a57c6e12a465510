/* libc's functions by their plain names.  Where these lead to interceptors, detector/interpose puts in what is behind
 * them before the first use. */
#include "detector/posix.h"

struct libc_real gw__real = {
#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) .name = name,
#include "godwit/intercept.inc"
};

__attribute__((weak)) unsigned char gw__real_ready = 1;
bool gw__real_foreign_malloc;
