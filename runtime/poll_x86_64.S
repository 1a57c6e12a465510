/* void __gw_poll_switch(void), called by polls: keeps all registers, as another goroutine may run meanwhile.
 *
 * The area of xsave: 512 bytes of x87 and SSE, 64 of header, and all up to the upper vector registers of AVX-512, which
 * end at 2688.  What lies behind that (protection keys, tiles) isn't saved. */
	.set	STATE_BYTES, 2688
	.set	STATE_MASK, 0xe7	/* x87, SSE, AVX, and the three parts of AVX-512 */

	.text
	.globl	__gw_poll_switch
	.type	__gw_poll_switch, @function
	.p2align 4
__gw_poll_switch:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	subq	$STATE_BYTES, %rsp
	andq	$-64, %rsp
	cld
	cmpl	$0, poll_xsave(%rip)
	je	1f
	/* xrstor wants a header of zeroes */
	xorl	%eax, %eax
	leaq	512(%rsp), %rdi
	movl	$8, %ecx
	rep stosq
	movl	$STATE_MASK, %eax
	xorl	%edx, %edx
	xsave64	(%rsp)
	leaq	16(%rbp), %rdi
	call	poll_switch
	movl	$STATE_MASK, %eax
	xorl	%edx, %edx
	xrstor64 (%rsp)
	jmp	2f
1:	fxsave64 (%rsp)		/* SSE is all that there is */
	leaq	16(%rbp), %rdi
	call	poll_switch
	fxrstor64 (%rsp)
2:	leaq	-72(%rbp), %rsp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	popq	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	__gw_poll_switch, . - __gw_poll_switch

	.section .note.GNU-stack, "", @progbits
