/* C prototypes of the entry points in abi.inc, and the two variables that inline checks read. */
#ifndef GODWIT_ABI_H
#define GODWIT_ABI_H
#include <stddef.h>
#include <stdint.h>

/* The part of the thread's state that inline checks read; the pass knows these offsets. */
struct gw_tls {
  uint32_t epoch;    /* offset 0: open epoch id << 9 of the goroutine that runs on this thread */
  uint32_t unused;   /* offset 4 */
  uint64_t read_off; /* offset 8: from a cell of the write plane to the same cell of this thread's read plane */
  uint64_t calls;    /* offset 16: hash of the calls that are under way (instrument/calls.cpp) */
};
_Static_assert(sizeof(struct gw_tls) == 24, "the pass knows this layout");

/* What polls read (runtime/poll.c); each object that has some brings it along, weakly. */
struct gw_poll {
  uint32_t wanted; /* offset 0, atomic: not 0 when the goroutine that runs on this thread should let others run */
  uint32_t locks;  /* offset 4: how many of libc's locks it holds, as far as plain code was seen taking them */
};
_Static_assert(sizeof(struct gw_poll) == 8, "the pass knows this layout");

extern __attribute__((tls_model("initial-exec"))) _Thread_local struct gw_poll __gw_poll;
extern __attribute__((tls_model("initial-exec"))) _Thread_local struct gw_tls __gw_tls;
extern uintptr_t __gw_shadow; /* write-plane cell of address p: __gw_shadow + ((p >> 3) << 2); set once at start-up */
extern const int __gw_abi_v3; /* named by every instrumented object: a mismatch fails at link time */

#define GW_ABI_VOID void
#define GW_ABI_PTR void *
#define GW_ABI_SIZE size_t
#define GW_ABI_I8 uint8_t
#define GW_ABI_I16 uint16_t
#define GW_ABI_I32 uint32_t
#define GW_ABI_I64 uint64_t
#define GW_ABI_I128 unsigned __int128
#define GW_ABI_INT int
/* THUNKs, CHECKs and POLLs are written in assembly and called by compiled code only: C code has no prototype for them.
 */
#define GW_ABI_ARGS1(a) (GW_ABI_##a)
#define GW_ABI_ARGS2(a, b) (GW_ABI_##a, GW_ABI_##b)
#define GW_ABI_ARGS3(a, b, c) (GW_ABI_##a, GW_ABI_##b, GW_ABI_##c)
#define GW_ABI_ARGS5(a, b, c, d, e) (GW_ABI_##a, GW_ABI_##b, GW_ABI_##c, GW_ABI_##d, GW_ABI_##e)
#define GW_ABI_PICK(_1, _2, _3, _4, _5, name, ...) name
#define GW_ABI_ARGS(...) \
  GW_ABI_PICK(__VA_ARGS__, GW_ABI_ARGS5, GW_ABI_ARGS4, GW_ABI_ARGS3, GW_ABI_ARGS2, GW_ABI_ARGS1, )(__VA_ARGS__)
#define GW_ABI_PROTO_CCC(ret, name, args) GW_ABI_##ret name GW_ABI_ARGS args;
#define GW_ABI_PROTO_THUNK(ret, name, args)
#define GW_ABI_PROTO_CHECK(ret, name, args)
#define GW_ABI_PROTO_POLL(ret, name, args)
#define GW_ABI(cc, ret, name, args) GW_ABI_PROTO_##cc(ret, name, args)
#include "godwit/abi.inc"

#endif
