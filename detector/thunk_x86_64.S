/* The cold side of inline checks: preserve_all entry points (every register but r11 is kept).
 *
 * The C behind them uses general registers only, so saving the caller-saved ones of those is enough; the rare parts that
 * may touch vector registers (reports) go through det_call_saved, which saves whatever the processor has.
 */
	.text

	.set	AT_TRACKED, 1		/* as in detector.h: the caller is instrumented code */

	.macro THUNK name, size, way
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	SAVE_REGS
	movl	$\size, %esi
	movq	64(%rsp), %rdx		/* return address */
	leaq	AT_TRACKED(%rbp), %rcx
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	cld
	call	\way
	RESTORE_REGS
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro SAVE_REGS
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	.cfi_adjust_cfa_offset 64
	.endm

	/* Takes back the alignment's 8 bytes as well. */
	.macro RESTORE_REGS
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -64
	.endm

	/* The inline check, out of line: for code that isn't worth it.  \tail is the thunk behind it.  (cell ^ mine) must have
	 * neither bits of the id nor those of the access's bytes. */
	.macro CHECK name, size, op, tail
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	pushq	%rax
	pushq	%rcx
	.cfi_adjust_cfa_offset 16
	movq	__gw_tls@gottpoff(%rip), %rax
	movl	%fs:(%rax), %r11d
	orl	$0xff, %r11d		/* mine: the open epoch and all bytes */
	movq	__gw_shadow(%rip), %rcx
	.if \op == 0
	addq	%fs:8(%rax), %rcx
	.endif
	movq	%rdi, %rax
	shrq	$3, %rax
	.if \size == 16
	cmpl	(%rcx,%rax,4), %r11d
	jne	1f
	cmpl	4(%rcx,%rax,4), %r11d
	jne	1f
	.elseif \size == 8
	cmpl	(%rcx,%rax,4), %r11d
	jne	1f
	.else
	xorl	(%rcx,%rax,4), %r11d
	movl	%edi, %ecx
	andl	$7, %ecx
	cmpl	$0xff, %r11d
	ja	1f
	shrl	%cl, %r11d
	testl	$((1 << \size) - 1), %r11d
	jnz	1f
	.endif
	.cfi_remember_state
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -16
	ret
	.cfi_restore_state
1:	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -16
	jmp	\tail
	.cfi_endproc
	.size	\name, . - \name
	.endm

	/* A range of rsi bytes from rdi on.  Returns when the open epoch has already recorded all of it: the inline check, for
	 * many cells.  It keeps its registers for itself, and leaves them as they were for the slow path that follows.
	 * (cell ^ mine) must be zero: in the first and the last cell only the id's bits and those of the range's bytes. */
	.macro RANGE name, op
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	testq	%rsi, %rsi
	jz	9f
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%r8
	pushq	%r9
	.cfi_adjust_cfa_offset 40
	movq	__gw_tls@gottpoff(%rip), %rax
	movl	%fs:(%rax), %r11d
	orl	$0xff, %r11d		/* mine: the open epoch and all bytes */
	movq	__gw_shadow(%rip), %rdx
	.if \op == 0
	addq	%fs:8(%rax), %rdx
	.endif
	movq	%rdi, %r8
	shrq	$3, %r8
	leaq	(%rdx,%r8,4), %r8	/* the first cell */
	leaq	-1(%rdi,%rsi), %rcx
	movq	%rcx, %r9
	shrq	$3, %r9
	leaq	(%rdx,%r9,4), %r9	/* the last cell */
	notl	%ecx
	andl	$7, %ecx
	movl	$0xff, %edx
	shrl	%cl, %edx
	orl	$0xffffff00, %edx	/* what counts in the last cell */
	movl	%edi, %ecx
	andl	$7, %ecx
	movl	$-1, %eax
	shll	%cl, %eax		/* what counts in the first */
	cmpq	%r9, %r8
	jne	1f
	andl	%edx, %eax
	movl	%eax, %edx
1:	movl	(%r8), %ecx
	xorl	%r11d, %ecx
	testl	%eax, %ecx
	jnz	7f
	movl	(%r9), %ecx
	xorl	%r11d, %ecx
	testl	%edx, %ecx
	jnz	7f
	addq	$4, %r8
	movq	%r9, %rcx
	subq	%r8, %rcx		/* bytes of cells between the two; negative if there is one cell only */
	jle	6f
	testl	$4, %ecx
	jz	2f
	cmpl	(%r8), %r11d
	jne	7f
	addq	$4, %r8
2:	movl	%r11d, %eax
	shlq	$32, %rax
	orq	%rax, %r11		/* two cells at a time, then eight: a line */
	shrl	$3, %ecx
	andl	$3, %ecx
	jz	4f
3:	cmpq	(%r8), %r11
	jne	7f
	addq	$8, %r8
	decl	%ecx
	jnz	3b
4:	cmpq	%r9, %r8
	jae	6f
5:	cmpq	(%r8), %r11
	jne	7f
	cmpq	8(%r8), %r11
	jne	7f
	cmpq	16(%r8), %r11
	jne	7f
	cmpq	24(%r8), %r11
	jne	7f
	addq	$32, %r8
	cmpq	%r9, %r8
	jb	5b
6:	.cfi_remember_state
	popq	%r9
	popq	%r8
	popq	%rdx
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -40
9:	ret
	.cfi_restore_state
7:	popq	%r9
	popq	%r8
	popq	%rdx
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -40
	SAVE_REGS
	movl	$\op, %r8d
	jmp	range_tail
	.cfi_endproc
	.size	\name, . - \name
	.endm

	/* Elements of edx bytes, one every rdx >> 32, a multiple of 8, rsi bytes in all from rdi on.  As RANGE; the masks of an
	 * element's first and last cell are the same for all of them. */
	.macro STRIDED name, op
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	testq	%rsi, %rsi
	jz	9f
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	.cfi_adjust_cfa_offset 56
	movq	__gw_tls@gottpoff(%rip), %rax
	movl	%fs:(%rax), %r11d
	orl	$0xff, %r11d		/* mine: the open epoch and all bytes */
	movq	__gw_shadow(%rip), %r10
	.if \op == 0
	addq	%fs:8(%rax), %r10
	.endif
	movl	%edx, %ecx		/* bytes of an element */
	shrq	$33, %rdx		/* from one to the next, bytes of cells */
	subq	%rcx, %rsi
	shrq	$1, %rsi		/* from the first to the last */
	movq	%rdi, %r8
	shrq	$3, %r8
	leaq	(%r10,%r8,4), %r8	/* the element's first cell */
	leaq	-1(%rdi,%rcx), %rcx
	movq	%rcx, %r9
	shrq	$3, %r9
	leaq	(%r10,%r9,4), %r9
	subq	%r8, %r9		/* to its last, bytes of cells */
	leaq	(%r8,%rsi), %r10	/* the last element's first cell */
	notl	%ecx
	andl	$7, %ecx
	movl	$0xff, %esi
	shrl	%cl, %esi
	orl	$0xffffff00, %esi	/* what counts in the last cell */
	movl	%edi, %ecx
	andl	$7, %ecx
	movl	$-1, %eax
	shll	%cl, %eax		/* what counts in the first */
	testq	%r9, %r9
	jnz	1f
	andl	%esi, %eax
1:	movl	(%r8), %ecx
	xorl	%r11d, %ecx
	testl	%eax, %ecx
	jnz	7f
	testq	%r9, %r9
	jz	3f
	movl	(%r8,%r9), %ecx
	xorl	%r11d, %ecx
	testl	%esi, %ecx
	jnz	7f
	movq	%r9, %rcx
2:	subq	$4, %rcx
	jz	3f
	cmpl	(%r8,%rcx), %r11d
	jne	7f
	jmp	2b
3:	addq	%rdx, %r8
	cmpq	%r10, %r8
	jbe	1b
	.cfi_remember_state
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -56
9:	ret
	.cfi_restore_state
7:	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	.cfi_adjust_cfa_offset -56
	SAVE_REGS
	movl	$\op, %r9d
	jmp	strided_tail
	.cfi_endproc
	.size	\name, . - \name
	.endm

	/* The bytes that rsi names, a bit for each, of the line at rdi: such as an inline check has missed. */
	.macro MASK name, op
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	testq	%rsi, %rsi
	jz	9f
	SAVE_REGS
	movl	$\op, %r8d
	jmp	mask_tail
	.cfi_adjust_cfa_offset -64
9:	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	THUNK __gw_read1, 1, det_thunk_read
	THUNK __gw_read2, 2, det_thunk_read
	THUNK __gw_read4, 4, det_thunk_read
	THUNK __gw_read8, 8, det_thunk_read
	THUNK __gw_read16, 16, det_thunk_read
	RANGE __gw_read_range, 0
	THUNK __gw_write1, 1, det_thunk_write
	THUNK __gw_write2, 2, det_thunk_write
	THUNK __gw_write4, 4, det_thunk_write
	THUNK __gw_write8, 8, det_thunk_write
	THUNK __gw_write16, 16, det_thunk_write
	RANGE __gw_write_range, 1
	CHECK __gw_check_read1, 1, 0, __gw_read1
	CHECK __gw_check_read2, 2, 0, __gw_read2
	CHECK __gw_check_read4, 4, 0, __gw_read4
	CHECK __gw_check_read8, 8, 0, __gw_read8
	CHECK __gw_check_read16, 16, 0, __gw_read16
	CHECK __gw_check_write1, 1, 1, __gw_write1
	CHECK __gw_check_write2, 2, 1, __gw_write2
	CHECK __gw_check_write4, 4, 1, __gw_write4
	CHECK __gw_check_write8, 8, 1, __gw_write8
	CHECK __gw_check_write16, 16, 1, __gw_write16
	STRIDED __gw_check_read_strided, 0
	STRIDED __gw_check_write_strided, 1
	MASK __gw_check_read_mask, 0
	MASK __gw_check_write_mask, 1
	.globl	__gw_check_read_range, __gw_check_write_range
	.set	__gw_check_read_range, __gw_read_range
	.set	__gw_check_write_range, __gw_write_range

	/* What follows SAVE_REGS: calls \way with the arguments that are set, the return address in \pc and the frame in \fp. */
	.macro TAIL name, way, pc, fp
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	.cfi_adjust_cfa_offset 64
	movq	64(%rsp), \pc		/* return address */
	leaq	AT_TRACKED(%rbp), \fp
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	cld
	call	\way
	RESTORE_REGS
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	TAIL range_tail, det_thunk_range, %rdx, %rcx
	TAIL mask_tail, det_thunk_mask, %rdx, %rcx
	TAIL strided_tail, det_thunk_strided, %rcx, %r8

/* void det_call_saved(void (*f)(void *), void *arg, void *top): calls f(arg) with all vector and x87 state saved, on the
 * stack that ends at top. */
	.globl	det_call_saved
	.type	det_call_saved, @function
	.p2align 4
det_call_saved:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rbx
	pushq	%r12
	.cfi_offset %rbx, -24
	.cfi_offset %r12, -32
	movq	%rdi, %r12
	movq	%rsi, %rbx
	movq	%rdx, %rsp
	movl	det_xsave_size(%rip), %eax
	testl	%eax, %eax
	jz	1f
	subq	%rax, %rsp
	andq	$-64, %rsp
	/* xrstor wants a header of zeroes */
	xorl	%eax, %eax
	leaq	512(%rsp), %rdi
	movl	$8, %ecx
	cld
	rep stosq
	movl	$-1, %eax
	movl	$-1, %edx
	xsave64	(%rsp)
	movq	%rbx, %rdi
	call	*%r12
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor64 (%rsp)
	jmp	2f
1:	/* a processor without xsave: SSE is all that there is */
	subq	$512, %rsp
	andq	$-64, %rsp
	fxsave64 (%rsp)
	movq	%rbx, %rdi
	call	*%r12
	fxrstor64 (%rsp)
2:	leaq	-16(%rbp), %rsp
	popq	%r12
	popq	%rbx
	popq	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	det_call_saved, . - det_call_saved

	.section .note.GNU-stack, "", @progbits
