/* The mutex without the detector, for the primitives that are built on it. */
#ifndef GW_RUNTIME_MUTEX_H
#define GW_RUNTIME_MUTEX_H
#include "g.h"

HIDDEN void mutex_lock(gw_mutex *m, enum reason why);
HIDDEN bool mutex_try_lock(gw_mutex *m);
/* False if it was not locked. */
HIDDEN bool mutex_unlock(gw_mutex *m);

#endif
