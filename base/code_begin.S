/* The first object of the library: its code and the last object's (code_end.S) stand around all of ours, so that a
 * program counter can be asked whether it is (code.h). */
	.text
	.globl	gw__code_begin
	.hidden	gw__code_begin
	.p2align 4
gw__code_begin:
/* Likewise the library's own data: a search for the program's pointers leaves it out (own.h). */
	.data
	.globl	gw__data_begin
	.hidden	gw__data_begin
	.p2align 6
gw__data_begin:
	.quad	0
	.bss
	.globl	gw__bss_begin
	.hidden	gw__bss_begin
	.p2align 6
gw__bss_begin:
	.zero	8
/* And its thread-locals, of which none is initialised. */
	.section .tbss,"awT",@nobits
	.globl	gw__tls_begin
	.hidden	gw__tls_begin
	.p2align 4
	.type	gw__tls_begin, @object
gw__tls_begin:
	.zero	8
	.section .note.GNU-stack, "", @progbits
