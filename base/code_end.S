/* The last object of the library, see code_begin.S. */
	.text
	.globl	gw__code_end
	.hidden	gw__code_end
	.p2align 4
gw__code_end:
	ud2	/* not empty: nothing else may have its address */
	.section .note.GNU-stack, "", @progbits
