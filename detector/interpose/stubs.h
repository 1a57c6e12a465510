/* Mending gw__real where plain names lead to our stubs. */
#ifndef GW_DETECTOR_INTERPOSE_STUBS_H
#define GW_DETECTOR_INTERPOSE_STUBS_H
#include "detector/posix.h"

#define GW_INTERCEPT(name)
#define GW_INTERPOSE(name) extern const char gw__stub_##name[];
#include "godwit/intercept.inc"

/* Puts libc's own functions into gw__real; idempotent. Called by the stubs and before any constructor. */
void gw__real_mend(void);

#endif
