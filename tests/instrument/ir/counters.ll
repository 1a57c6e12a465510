; RUN: opt | COUNTERS
; Counters of coverage, also where the optimiser has merged branches: they are no accesses of the program.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@__llvm_gcov_ctr = internal global [4 x i64] zeroinitializer
@ours = global i64 0

; COUNTERS-LABEL: define void @counted(
; COUNTERS-NOT: gw_
; COUNTERS: ret void
define void @counted(i1 %which) sanitize_thread {
entry:
  %place = select i1 %which, ptr @__llvm_gcov_ctr, ptr getelementptr inbounds (i8, ptr @__llvm_gcov_ctr, i64 8)
  br i1 %which, label %one, label %join

one:
  br label %join

join:
  %chosen = phi ptr [ %place, %entry ], [ getelementptr inbounds (i8, ptr @__llvm_gcov_ctr, i64 16), %one ]
  %n = load i64, ptr %chosen
  %more = add i64 %n, 1
  store i64 %more, ptr %chosen
  ret void
}

; COUNTERS-LABEL: define void @counted_or_ours(
; COUNTERS: gw_
; COUNTERS: ret void
define void @counted_or_ours(i1 %which) sanitize_thread {
  %place = select i1 %which, ptr @__llvm_gcov_ctr, ptr @ours
  store i64 1, ptr %place
  ret void
}
