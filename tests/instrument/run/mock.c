/* A runtime that only writes down what instrumented code tells it (mock.h).
 *
 * The thunks keep every register but r11, as abi.inc says; their callee touches general registers only.
 */
#include "mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "godwit/abi.h"

#define SHADOW_BASE \
  0x100000000000ul /* free in Linux's usual layouts: cells of 0x55.. lie at 0x3a.., of 0x7f.. at 0x4f.. */
#define READ_OFFSET 0x040000000000ul

_Thread_local struct gw_tls __gw_tls = {.epoch = 1 << 9, .read_off = READ_OFFSET};
uintptr_t __gw_shadow = SHADOW_BASE;
const int __gw_abi_v3 = 3;

struct mock_event mock_log[MOCK_LOG];
int mock_count;
bool mock_atomics_open_epochs;

__attribute__((target("general-regs-only"))) static void note(const char *what, const void *at, size_t size,
                                                              int order) {
  if (mock_count < MOCK_LOG) mock_log[mock_count] = (struct mock_event){what, at, size, order};
  mock_count++;
}

__attribute__((used, target("general-regs-only"))) void mock_thunk(const void *at, size_t size, int write) {
  note(write ? "write" : "read", at, size, 0);
}

/* Every poll is asked for; the thunk keeps all registers, as the real one does. */
_Thread_local struct gw_poll __gw_poll = {1, 0};
int mock_polls;
__asm__(".globl __gw_poll_switch\n__gw_poll_switch:\nlock incl mock_polls(%rip)\nret\n");

#define SAVE "push %rax\npush %rcx\npush %rdx\npush %rsi\npush %rdi\npush %r8\npush %r9\npush %r10\nsub $8, %rsp\n"
#define RESTORE "add $8, %rsp\npop %r10\npop %r9\npop %r8\npop %rdi\npop %rsi\npop %rdx\npop %rcx\npop %rax\nret\n"
#define THUNK(name, set_size, write) \
  __asm__(".globl " name "\n" name ":\n" SAVE set_size "mov $" write ", %edx\ncall mock_thunk\n" RESTORE);
/* Each element by itself. */
__attribute__((used, target("general-regs-only"))) void mock_strided(const char *at, size_t n, uint64_t shape,
                                                                     int write) {
  for (size_t i = 0; i < n; i += shape >> 32) mock_thunk(at + i, (uint32_t)shape, write);
}
#define STRIDED(name, write) \
  __asm__(".globl " name "\n" name ":\n" SAVE "mov $" write ", %ecx\ncall mock_strided\n" RESTORE);
STRIDED("__gw_check_read_strided", "0")
STRIDED("__gw_check_write_strided", "1")

/* Each byte by itself. */
__attribute__((used, target("general-regs-only"))) void mock_mask(const char *line, uint64_t mask, int write) {
  for (; mask; mask &= mask - 1) mock_thunk(line + __builtin_ctzl(mask), 1, write);
}
#define MASK(name, write) __asm__(".globl " name "\n" name ":\n" SAVE "mov $" write ", %edx\ncall mock_mask\n" RESTORE);
MASK("__gw_check_read_mask", "0")
MASK("__gw_check_write_mask", "1")

#define SIZES(name, write)                   \
  THUNK(name "1", "mov $1, %esi\n", write)   \
  THUNK(name "2", "mov $2, %esi\n", write)   \
  THUNK(name "4", "mov $4, %esi\n", write)   \
  THUNK(name "8", "mov $8, %esi\n", write)   \
  THUNK(name "16", "mov $16, %esi\n", write) \
  THUNK(name "_range", "", write)
SIZES("__gw_read", "0")
SIZES("__gw_write", "1")
SIZES("__gw_check_read", "0")
SIZES("__gw_check_write", "1")

void *__gw_memcpy(void *to, void *from, size_t n) {
  note("memcpy", to, n, 0);
  return memcpy(to, from, n);
}
void *__gw_memmove(void *to, void *from, size_t n) {
  note("memmove", to, n, 0);
  return memmove(to, from, n);
}
void *__gw_memset(void *to, int byte, size_t n) {
  note("memset", to, n, 0);
  return memset(to, byte, n);
}

static void note_atomic(const char *what, const void *at, size_t size, int order) {
  note(what, at, size, order);
  if (mock_atomics_open_epochs) mock_new_epoch();
}

#define MODIFY(N, T, name, expression)                 \
  T __gw_atomic##N##_##name(void *p, T v, int order) { \
    T old = *(T *)p;                                   \
    note_atomic(#name, p, sizeof(T), order);           \
    *(T *)p = (T)(expression);                         \
    return old;                                        \
  }
#define ATOMICS(N, T, S)                                                                          \
  T __gw_atomic##N##_load(void *p, int order) {                                                   \
    note_atomic("load", p, sizeof(T), order);                                                     \
    return *(T *)p;                                                                               \
  }                                                                                               \
  void __gw_atomic##N##_store(void *p, T v, int order) {                                          \
    note_atomic("store", p, sizeof(T), order);                                                    \
    *(T *)p = v;                                                                                  \
  }                                                                                               \
  T __gw_atomic##N##_compare_exchange(void *p, T expected, T desired, int success, int failure) { \
    T old = *(T *)p;                                                                              \
    note_atomic("compare_exchange", p, sizeof(T), success * 16 + failure);                        \
    if (old == expected) *(T *)p = desired;                                                       \
    return old;                                                                                   \
  }                                                                                               \
  MODIFY(N, T, exchange, v)                                                                       \
  MODIFY(N, T, fetch_add, old + v)                                                                \
  MODIFY(N, T, fetch_sub, old - v)                                                                \
  MODIFY(N, T, fetch_and, old &v)                                                                 \
  MODIFY(N, T, fetch_or, old | v)                                                                 \
  MODIFY(N, T, fetch_xor, old ^ v)                                                                \
  MODIFY(N, T, fetch_nand, ~(old & v))                                                            \
  MODIFY(N, T, fetch_max, (S)old > (S)v ? old : v)                                                \
  MODIFY(N, T, fetch_min, (S)old < (S)v ? old : v)                                                \
  MODIFY(N, T, fetch_umax, old > v ? old : v)                                                     \
  MODIFY(N, T, fetch_umin, old < v ? old : v)
ATOMICS(8, uint8_t, int8_t)
ATOMICS(16, uint16_t, int16_t)
ATOMICS(32, uint32_t, int32_t)
ATOMICS(64, uint64_t, int64_t)
ATOMICS(128, unsigned __int128, __int128)
void __gw_atomic_thread_fence(int order) { note_atomic("thread_fence", NULL, 0, order); }
void __gw_atomic_signal_fence(int order) { note_atomic("signal_fence", NULL, 0, order); }

void mock_start(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  unsigned long lo, hi;
  char rest[512];
  while (maps && fscanf(maps, "%lx-%lx%511[^\n]\n", &lo, &hi, rest) >= 2) {
    if (lo >> 47) break; /* vsyscall */
    for (unsigned long plane = SHADOW_BASE; plane <= SHADOW_BASE + READ_OFFSET; plane += READ_OFFSET) {
      unsigned long from = (plane + (lo >> 1)) & ~4095ul, to = (plane + (hi >> 1) + 8191) & ~4095ul;
      if (mmap((void *)from, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
               -1, 0) == MAP_FAILED) {
        perror("mmap");
        exit(3);
      }
    }
  }
  if (maps) fclose(maps);
}

void mock_clear_log(void) { mock_count = 0; }
void mock_new_epoch(void) { __gw_tls.epoch += 1 << 9; }
uint32_t mock_epoch(void) { return __gw_tls.epoch; }
uint64_t *mock_calls(void) { return &__gw_tls.calls; }

uint32_t *mock_cell(const void *p, enum mock_plane plane) {
  return (uint32_t *)(SHADOW_BASE + (plane == MOCK_READS ? READ_OFFSET : 0) + ((uintptr_t)p >> 3 << 2));
}

void mock_fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  for (int i = 0; i < mock_count && i < 40; i++)
    fprintf(stderr, "  %s %p %zu order %d\n", mock_log[i].what, mock_log[i].at, mock_log[i].size, mock_log[i].order);
  exit(1);
}
