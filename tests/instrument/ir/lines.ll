; RUN: opt | LINES
; An access that the optimiser took the line from gets one of the same function's, not that of a barrier inlined there.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

; LINES-LABEL: define i64 @behind(
; LINES: call {{.*}} @__gw_read8(ptr %p), !dbg [[BEHIND:![0-9]+]]
define i64 @behind(ptr %p) !dbg !4 {
  call void asm sideeffect "", "~{memory}"(), !dbg !6
  %v = load i64, ptr %p, align 8, !dbg !8
  ret i64 %v, !dbg !9
}

; LINES-LABEL: define i64 @before(
; LINES: call {{.*}} @__gw_read8(ptr %p), !dbg [[BEFORE:![0-9]+]]
define i64 @before(ptr %p) !dbg !10 {
  %v = load i64, ptr %p, align 8, !dbg !12
  call void asm sideeffect "", "~{memory}"(), !dbg !13
  ret i64 %v, !dbg !11
}

; Where the function has nothing else in the block, the barrier's own line is better than none.
; LINES-LABEL: define void @inlined(
; LINES: call {{.*}} @__gw_write8(ptr %p), !dbg [[INLINED:![0-9]+]]
define void @inlined(ptr %p) !dbg !14 {
  call void asm sideeffect "", "~{memory}"(), !dbg !15
  store i64 0, ptr %p, align 8, !dbg !17
  ret void
}

; LINES-DAG: [[BEHIND]] = !DILocation(line: 20, column: 3, scope: {{![0-9]+}})
; LINES-DAG: [[BEFORE]] = !DILocation(line: 31, column: 4, scope: {{![0-9]+}})
; LINES-DAG: [[INLINED]] = !DILocation(line: 7, column: 2, scope: {{![0-9]+}}, inlinedAt: {{![0-9]+}})

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "lines.c", directory: "/")
!2 = !{i32 7, !"Dwarf Version", i32 5}
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "behind", file: !1, line: 18, type: !5, scopeLine: 18, spFlags: DISPFlagDefinition, unit: !0)
!5 = !DISubroutineType(types: !{})
!6 = !DILocation(line: 7, column: 2, scope: !16, inlinedAt: !7)
!7 = distinct !DILocation(line: 20, column: 3, scope: !4)
!8 = !DILocation(line: 0, scope: !4)
!9 = !DILocation(line: 22, column: 3, scope: !4)
!10 = distinct !DISubprogram(name: "before", file: !1, line: 28, type: !5, scopeLine: 28, spFlags: DISPFlagDefinition, unit: !0)
!11 = !DILocation(line: 32, column: 3, scope: !10)
!12 = !DILocation(line: 0, scope: !10)
!13 = !DILocation(line: 7, column: 2, scope: !16, inlinedAt: !18)
!14 = distinct !DISubprogram(name: "inlined", file: !1, line: 38, type: !5, scopeLine: 38, spFlags: DISPFlagDefinition, unit: !0)
!15 = !DILocation(line: 7, column: 2, scope: !16, inlinedAt: !19)
!16 = distinct !DISubprogram(name: "barrier", file: !1, line: 6, type: !5, scopeLine: 6, spFlags: DISPFlagDefinition, unit: !0)
!17 = !DILocation(line: 0, scope: !20, inlinedAt: !21)
!18 = distinct !DILocation(line: 31, column: 4, scope: !10)
!19 = distinct !DILocation(line: 41, column: 4, scope: !14)
!20 = distinct !DISubprogram(name: "clear", file: !1, line: 10, type: !5, scopeLine: 10, spFlags: DISPFlagDefinition, unit: !0)
!21 = distinct !DILocation(line: 42, column: 4, scope: !14)
