/* Lines about the scheduler (options schedtrace and scheddetail). */
#ifndef GW_RUNTIME_SCHEDTRACE_H
#define GW_RUNTIME_SCHEDTRACE_H
#include <stdbool.h>
#include <stdint.h>

/* Prints them when their time has come; false if they are off.  The monitor calls it at each turn. */
bool schedtrace_due(int64_t now) __attribute__((visibility("hidden")));

#endif
