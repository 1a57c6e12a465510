/* The last object of the library, see code_begin.S. */
	.text
	.globl	gw__code_end
	.hidden	gw__code_end
	.p2align 4
gw__code_end:
	ud2	/* not empty: nothing else may have its address */
	.data
	.globl	gw__data_end
	.hidden	gw__data_end
	.p2align 6
gw__data_end:
	.quad	0
	.bss
	.globl	gw__bss_end
	.hidden	gw__bss_end
	.p2align 6
gw__bss_end:
	.zero	8
	.section .tbss,"awT",@nobits
	.globl	gw__tls_end
	.hidden	gw__tls_end
	.p2align 4
	.type	gw__tls_end, @object
gw__tls_end:
	.zero	8
	.section .note.GNU-stack, "", @progbits
