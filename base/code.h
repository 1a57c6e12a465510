/* Which code is ours: the library is linked as one object, between code_begin.S and code_end.S. */
#ifndef GW_BASE_CODE_H
#define GW_BASE_CODE_H
#include <stdbool.h>
#include <stdint.h>

extern const char gw__code_begin[] __attribute__((visibility("hidden")));
extern const char gw__code_end[] __attribute__((visibility("hidden")));
/* And its data. */
extern const char gw__data_begin[] __attribute__((visibility("hidden"))),
    gw__data_end[] __attribute__((visibility("hidden")));
extern const char gw__bss_begin[] __attribute__((visibility("hidden"))),
    gw__bss_end[] __attribute__((visibility("hidden")));
/* And its thread-locals. */
extern _Thread_local char gw__tls_begin[8] __attribute__((visibility("hidden"), tls_model("initial-exec")));
extern _Thread_local char gw__tls_end[8] __attribute__((visibility("hidden"), tls_model("initial-exec")));

static inline bool code_is_ours(uintptr_t pc) {
  return pc >= (uintptr_t)gw__code_begin && pc < (uintptr_t)gw__code_end;
}

#endif
