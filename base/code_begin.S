/* The first object of the library: its code and the last object's (code_end.S) stand around all of ours, so that a
 * program counter can be asked whether it is (code.h). */
	.text
	.globl	gw__code_begin
	.hidden	gw__code_begin
	.p2align 4
gw__code_begin:
	.section .note.GNU-stack, "", @progbits
