/* The cold side of inline checks: preserve_all entry points (every register but r11 is kept).
 *
 * The C behind them uses general registers only, so saving the caller-saved ones of those is enough; the rare parts that
 * may touch vector registers (reports) go through det_call_saved, which saves whatever the processor has.
 */
	.text

	.macro THUNK name, size, op
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	SAVE_REGS
	.if \size
	movl	$\size, %esi
	.endif
	movl	$\op, %r8d
	jmp	thunk_tail
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

	THUNK __gw_read1, 1, 0
	THUNK __gw_read2, 2, 0
	THUNK __gw_read4, 4, 0
	THUNK __gw_read8, 8, 0
	THUNK __gw_read16, 16, 0
	THUNK __gw_read_range, 0, 0
	THUNK __gw_write1, 1, 1
	THUNK __gw_write2, 2, 1
	THUNK __gw_write4, 4, 1
	THUNK __gw_write8, 8, 1
	THUNK __gw_write16, 16, 1
	THUNK __gw_write_range, 0, 1

	.type	thunk_tail, @function
	.p2align 4
thunk_tail:
	.cfi_startproc
	.cfi_adjust_cfa_offset 64
	movq	64(%rsp), %rdx		/* return address */
	movq	%rbp, %rcx
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	cld
	call	det_thunk
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
	ret
	.cfi_endproc
	.size	thunk_tail, . - thunk_tail

/* void det_call_saved(void (*f)(void *), void *arg): calls f(arg) with all vector and x87 state saved. */
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
