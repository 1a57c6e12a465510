/* Switching stacks. Saved: the callee-saved registers, mxcsr and the x87 control word; everything else is dead at a call.
 *
 * Layout of a suspended stack, from its saved stack pointer up: mxcsr, fpu control word (8 bytes together), r15, r14,
 * r13, r12, rbx, rbp, return address. */
	.text

/* void ctx_switch(void **save_sp, void *load_sp) */
	.globl	ctx_switch
	.hidden	ctx_switch
	.type	ctx_switch, @function
	.p2align 4
ctx_switch:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movl	(%rsp), %eax
	movzwl	4(%rsp), %ecx
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	/* Loading the control words is slow, and they hardly ever differ. */
	cmpl	%eax, (%rsp)
	jne	2f
0:	cmpw	%cx, 4(%rsp)
	jne	3f
1:	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	ret
	.cfi_adjust_cfa_offset 56
	.cfi_rel_offset %rbp, 48
	.cfi_rel_offset %rbx, 40
	.cfi_rel_offset %r12, 32
	.cfi_rel_offset %r13, 24
	.cfi_rel_offset %r14, 16
	.cfi_rel_offset %r15, 8
2:	ldmxcsr	(%rsp)
	jmp	0b
3:	fldcw	4(%rsp)
	jmp	1b
	.cfi_endproc
	.size	ctx_switch, .-ctx_switch

/* First code of a new stack: ctx_new put the entry function into rbx. rbp is 0 and there is no caller: walks end here. */
	.globl	ctx_entry
	.hidden	ctx_entry
	.type	ctx_entry, @function
	.p2align 4
ctx_entry:
	.cfi_startproc
	.cfi_undefined %rip
	endbr64
	xorl	%ebp, %ebp
	call	*%rbx
	ud2
	.cfi_endproc
	.size	ctx_entry, .-ctx_entry

/* int ctx_mark(struct ctx_mark *mark): saves where it was called; returns 0, and once more with 1 by ctx_jump(mark).
 * Layout of a mark: rbx, rbp, r12, r13, r14, r15, rsp, return address. */
	.globl	ctx_mark
	.hidden	ctx_mark
	.type	ctx_mark, @function
	.p2align 4
ctx_mark:
	.cfi_startproc
	endbr64
	movq	%rbx, (%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 48(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 56(%rdi)
	xorl	%eax, %eax
	ret
	.cfi_endproc
	.size	ctx_mark, .-ctx_mark

/* void ctx_jump(struct ctx_mark *mark) */
	.globl	ctx_jump
	.hidden	ctx_jump
	.type	ctx_jump, @function
	.p2align 4
ctx_jump:
	.cfi_startproc
	endbr64
	movq	(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	movl	$1, %eax
	jmpq	*56(%rdi)
	.cfi_endproc
	.size	ctx_jump, .-ctx_jump

	.section .note.GNU-stack, "", @progbits
