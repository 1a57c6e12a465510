// RUN: clang -O2 -fno-pie -S | EXEC
// RUN: clang -O2 -fPIE -S | EXEC
// RUN: clang -O2 -fPIC -S | SHARED
// RUN: clang -O0 -fPIE -S | UNOPT
// What stands around calls.
#include <stdlib.h>
#include <string.h>

int out(int);

// Set before, put back after; nothing on the way that calls nobody.
// EXEC-LABEL: early:
// EXEC-NOT: __gw_tls@TPOFF+16
// EXEC: j
// EXEC: movq %fs:__gw_tls@TPOFF+16, [[OLD:%r[a-z0-9]+]]
// EXEC-NEXT: imulq ${{[0-9]+}}, [[OLD]], [[NEW:%r[a-z0-9]+]]
// EXEC-NEXT: addq ${{-?[0-9]+}}, [[NEW]]
// EXEC-NEXT: movq [[NEW]], %fs:__gw_tls@TPOFF+16
// EXEC: callq out
// EXEC: movq [[OLD]], %fs:__gw_tls@TPOFF+16
// EXEC: .cfi_endproc
// SHARED-LABEL: early:
// SHARED: movq __gw_tls@GOTTPOFF(%rip), [[AT:%r[a-z0-9]+]]
// SHARED: movq %fs:16([[AT]]), [[OLD:%r[a-z0-9]+]]
// SHARED: movq {{%r[a-z0-9]+}}, %fs:16([[AT]])
// SHARED: callq out
// SHARED: movq [[OLD]], %fs:16([[AT]])
// UNOPT-LABEL: early:
// UNOPT: __gw_tls@TPOFF+16
// UNOPT: callq out
// UNOPT: __gw_tls@TPOFF+16
// UNOPT: .cfi_endproc
int early(int n) { return n ? out(n) + 1 : 0; }

// Between two calls that follow one another nobody looks.
// EXEC-LABEL: twice:
// EXEC: callq out
// EXEC-NOT: movq {{.*}}, %fs:__gw_tls@TPOFF+16
// EXEC: imulq
// EXEC: callq out
// EXEC: movq {{.*}}, %fs:__gw_tls@TPOFF+16
// EXEC: .cfi_endproc
void twice(int n) {
  out(n);
  out(n);
}

// Calls that lead to no instrumented code: of the detector, of libc, of a leaf.
__attribute__((noinline)) static int small(const char *s) { return s[0] + s[1]; }
// EXEC-LABEL: quiet:
// EXEC-NOT: @TPOFF+16
// EXEC: .cfi_endproc
int quiet(char *to, const char *from) {
  strcpy(to, from);
  memcpy(to + 8, from, strlen(from));
  __atomic_fetch_add((int *)to, 1, __ATOMIC_RELAXED);
  return small(from) + 1;
}

// Who doesn't come back needs nothing put back; an indirect call may lead anywhere.
// EXEC-LABEL: ends:
// EXEC: %fs:__gw_tls@TPOFF+16
// EXEC: callq *
// EXEC: movq {{%r[a-z0-9]+}}, %fs:__gw_tls@TPOFF+16
// EXEC: callq exit
// EXEC-NOT: @TPOFF+16
// EXEC: .cfi_endproc
void ends(int (*f)(void)) { exit(f()); }

// A tail call that must be one leaves no frame.
// EXEC-LABEL: must:
// EXEC-NOT: @TPOFF+16
// EXEC: jmp out
int must(int n) { __attribute__((musttail)) return out(n); }

// EXEC-LABEL: bare:
// EXEC-NOT: @TPOFF+16
// EXEC: .cfi_endproc
__attribute__((disable_sanitizer_instrumentation)) int bare(int n) { return out(n) + out(n + 1); }
