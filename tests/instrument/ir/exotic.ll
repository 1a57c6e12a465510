; RUN: opt | EXOTIC
; Instructions that C rarely gives: each is instrumented, and the module stays well-formed.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

%pair = type { i32, i64 }
declare void @other()
declare i32 @personality(...)
declare ptr @llvm.threadlocal.address.p0(ptr)
declare <4 x i32> @llvm.masked.load.v4i32.p0(ptr, i32, <4 x i1>, <4 x i32>)
declare void @llvm.masked.store.v4i32.p0(<4 x i32>, ptr, i32, <4 x i1>)
declare <2 x i64> @llvm.masked.gather.v2i64.v2p0(<2 x ptr>, i32, <2 x i1>, <2 x i64>)
declare void @llvm.masked.compressstore.v4i32(<4 x i32>, ptr, <4 x i1>)
declare void @take(ptr byval(%pair))

; EXOTIC-LABEL: define float @real_add(
; EXOTIC: call i32 @__gw_atomic32_load(ptr %p, i32 0)
; EXOTIC: gw.rmw:
; EXOTIC: fadd float
; EXOTIC: call i32 @__gw_atomic32_compare_exchange(ptr %p, i32 {{.*}}, i32 {{.*}}, i32 4, i32 2)
define float @real_add(ptr %p, float %v) {
  %old = atomicrmw fadd ptr %p, float %v acq_rel
  ret float %old
}

; EXOTIC-LABEL: define i16 @wrap(
; EXOTIC: gw.rmw:
; EXOTIC: call zeroext i16 @__gw_atomic16_compare_exchange(ptr %p, i16 zeroext {{.*}}, i16 zeroext {{.*}}, i32 5, i32 5)
define i16 @wrap(ptr %p, i16 %limit) {
  %old = atomicrmw uinc_wrap ptr %p, i16 %limit seq_cst
  ret i16 %old
}

; EXOTIC-LABEL: define { i128, i1 } @wide(
; EXOTIC: [[OLD:%.*]] = call i128 @__gw_atomic128_compare_exchange(ptr %p, i128 %a, i128 %b, i32 3, i32 0)
; EXOTIC: insertvalue { i128, i1 } poison, i128 [[OLD]], 0
; EXOTIC: icmp eq i128 [[OLD]], %a
define { i128, i1 } @wide(ptr %p, i128 %a, i128 %b) {
  %pair = cmpxchg weak ptr %p, i128 %a, i128 %b release monotonic
  ret { i128, i1 } %pair
}

; EXOTIC-LABEL: define ptr @pointers(
; EXOTIC: [[BITS:%.*]] = call i64 @__gw_atomic64_exchange(ptr %p, i64
; EXOTIC: inttoptr i64 [[BITS]] to ptr
define ptr @pointers(ptr %p, ptr %v) {
  %old = atomicrmw xchg ptr %p, ptr %v monotonic
  ret ptr %old
}

; A fence within the thread is for the compiler alone.
; EXOTIC-LABEL: define void @fences(
; EXOTIC: call void @__gw_atomic_thread_fence(i32 2)
; EXOTIC: fence syncscope("singlethread") seq_cst
; EXOTIC-NOT: call
; EXOTIC: ret void
define void @fences() {
  fence acquire
  fence syncscope("singlethread") seq_cst
  ret void
}

; A masked access touches its active lanes: known ones are checked straight, the others behind their own branch.
; EXOTIC-LABEL: define <4 x i32> @two_lanes(
; EXOTIC: call preserve_allcc void @__gw_read4(
; EXOTIC: call preserve_allcc void @__gw_read4(
; EXOTIC-NOT: __gw_read
; EXOTIC: call <4 x i32> @llvm.masked.load
define <4 x i32> @two_lanes(ptr %p) {
  %v = call <4 x i32> @llvm.masked.load.v4i32.p0(ptr %p, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 true>, <4 x i32> zeroinitializer)
  ret <4 x i32> %v
}

; EXOTIC-LABEL: define void @lanes(
; EXOTIC-COUNT-4: extractelement <4 x i1> %m
; EXOTIC-NOT: extractelement
; EXOTIC: call void @llvm.masked.store
define void @lanes(ptr %p, <4 x i32> %v, <4 x i1> %m) {
  call void @llvm.masked.store.v4i32.p0(<4 x i32> %v, ptr %p, i32 4, <4 x i1> %m)
  ret void
}

; EXOTIC-LABEL: define <2 x i64> @gather(
; EXOTIC: extractelement <2 x ptr> %p, i64 0
; EXOTIC: extractelement <2 x ptr> %p, i64 1
; EXOTIC: call <2 x i64> @llvm.masked.gather
define <2 x i64> @gather(<2 x ptr> %p, <2 x i1> %m) {
  %v = call <2 x i64> @llvm.masked.gather.v2i64.v2p0(<2 x ptr> %p, i32 8, <2 x i1> %m, <2 x i64> zeroinitializer)
  ret <2 x i64> %v
}

; EXOTIC-LABEL: define void @compress(
; EXOTIC-COUNT-4: call preserve_allcc void @__gw_write4(
; EXOTIC: call void @llvm.masked.compressstore
define void @compress(<4 x i32> %v, ptr %p, <4 x i1> %m) {
  call void @llvm.masked.compressstore.v4i32(<4 x i32> %v, ptr align 4 %p, <4 x i1> %m)
  ret void
}

; Passing by value reads the object; the callee's copy is its own.
; EXOTIC-LABEL: define void @by_value(
; EXOTIC: call preserve_allcc void @__gw_read16(ptr %p)
; EXOTIC: call void @take(
define void @by_value(ptr %p) {
  call void @take(ptr byval(%pair) align 16 %p)
  ret void
}
; EXOTIC-LABEL: define i32 @of_copy(
; EXOTIC-NOT: __gw_
; EXOTIC: ret i32
define i32 @of_copy(ptr byval(%pair) %copy) {
  %v = load i32, ptr %copy
  ret i32 %v
}

; A region begins in both successors of an invoke (the weights say that both run often enough for checks inline); nothing
; may follow a musttail call.
; EXOTIC-LABEL: define void @unwinding(
; EXOTIC: invoke void @other()
; EXOTIC: load i32, ptr addrspace(257)
; EXOTIC: call preserve_allcc void @__gw_write8(ptr %p)
; EXOTIC: landingpad
; EXOTIC: load i32, ptr addrspace(257)
; EXOTIC: call preserve_allcc void @__gw_write8(ptr %p)
define void @unwinding(ptr %p) personality ptr @personality {
  invoke void @other() to label %fine unwind label %thrown, !prof !0
fine:
  store i64 1, ptr %p
  ret void
thrown:
  %what = landingpad { ptr, i32 } cleanup
  store i64 2, ptr %p
  resume { ptr, i32 } %what
}

; EXOTIC-LABEL: define i32 @tail(
; EXOTIC: call preserve_allcc void @__gw_write4(ptr %p)
; EXOTIC: musttail call i32 @tail(
; EXOTIC-NEXT: ret i32
define i32 @tail(ptr %p) {
  store i32 1, ptr %p
  %r = musttail call i32 @tail(ptr %p)
  ret i32 %r
}

; EXOTIC-LABEL: define void @jump(
; EXOTIC: callbr void asm
; EXOTIC: call preserve_allcc void @__gw_write4(ptr %p)
define void @jump(ptr %p) {
  callbr void asm sideeffect "jmp ${0:l}", "!i"() to label %next [label %other]
next:
  store i32 1, ptr %p
  ret void
other:
  store i32 2, ptr %p
  ret void
}

; Odd sizes: the three bytes of an i24 in one word, the ten of an x87 number as a range.
; EXOTIC-LABEL: define void @odd(
; EXOTIC: call preserve_allcc void @__gw_write_range(ptr %p, i64 3)
; EXOTIC: call preserve_allcc void @__gw_write_range(ptr %q, i64 10)
define void @odd(ptr %p, ptr %q, i24 %v, x86_fp80 %w) {
  store i24 %v, ptr %p, align 1
  store x86_fp80 %w, ptr %q, align 16
  ret void
}

; Other address spaces are the user's own business (%gs, %fs).
; EXOTIC-LABEL: define i32 @segment(
; EXOTIC-NOT: __gw_
; EXOTIC: ret i32
define i32 @segment() {
  %v = load i32, ptr addrspace(256) null
  ret i32 %v
}

; EXOTIC-LABEL: define void @naked(
; EXOTIC-NEXT: store i32
define void @naked() naked {
  store i32 1, ptr @resolver_word
  unreachable
}
; EXOTIC-LABEL: define void @opted_out(
; EXOTIC-NEXT: store i32
define void @opted_out(ptr %p) disable_sanitizer_instrumentation {
  store i32 1, ptr %p
  ret void
}

; Unreachable code is left as it is.
; EXOTIC-LABEL: define void @unreached(
; EXOTIC: ret void
; EXOTIC: store i32 1, ptr %p
define void @unreached(ptr %p) {
  ret void
never:
  store i32 1, ptr %p
  br label %never
}

@resolved = ifunc void (), ptr @resolver
; It runs while the dynamic linker is at work.
; EXOTIC-LABEL: define ptr @resolver(
; EXOTIC-NEXT: store i32
define ptr @resolver() {
  store i32 1, ptr @resolver_word
  ret ptr null
}
@resolver_word = global i32 0

; EXOTIC-LABEL: define i8 @library(
; EXOTIC: call i64 @__gw_atomic64_fetch_add(ptr %p, i64 %v, i32 5)
; EXOTIC: load i128, ptr %e, align 1
; EXOTIC: call i128 @__gw_atomic128_compare_exchange(ptr %p, i128
; EXOTIC: [[SAME:%.*]] = icmp eq i128
; EXOTIC: [[FAILED:%.*]] = xor i1 [[SAME]], true
; EXOTIC: br i1 [[FAILED]]
; EXOTIC: call preserve_allcc void @__gw_write16(ptr %e)
; EXOTIC: store i128 {{.*}}, ptr %e, align 1
define i8 @library(ptr %p, i64 %v, ptr %e, i128 %w) {
  %old = call i64 @__atomic_fetch_add_8(ptr %p, i64 %v, i32 5)
  %same = call i8 @__atomic_compare_exchange_16(ptr %p, ptr %e, i128 %w, i32 5, i32 5)
  ret i8 %same
}
declare i64 @__atomic_fetch_add_8(ptr, i64, i32)
declare i8 @__atomic_compare_exchange_16(ptr, ptr, i128, i32, i32)

!0 = !{!"branch_weights", i32 1, i32 1}
