/* Places in code by number: a table of small functions, each of which calls site_target and passes its (at most six)
 * arguments on.  What site_target sees as its return address tells the site. */
#ifndef TESTS_DETECTOR_SITES_H
#define TESTS_DETECTOR_SITES_H
#include <stddef.h>
#include <stdint.h>

#define SITES 262144
#define SITE_SIZE 16

extern char site_table[];
static void *site_target __attribute__((used)); /* read by the sites' code */

/* 12 bytes of code each, the return address of the call is the eleventh: see SITE_ADDRESS. */
__asm__(
    ".text\n"
    ".balign 16\n"
    ".globl site_table\n"
    ".type site_table, @function\n"
    "site_table:\n"
    ".rept 262144\n"
    "  push %rbp\n"
    "  mov %rsp, %rbp\n"
    "  call *site_target(%rip)\n"
    "  pop %rbp\n"
    "  ret\n"
    "  .balign 16\n"
    ".endr\n"
    ".size site_table, . - site_table\n");

/* What a finding shows for site i: the return address less one. */
#define SITE_ADDRESS(i) ((uintptr_t)site_table + (size_t)(i) * SITE_SIZE + 9)

/* SITE_CALL(i, f, type)(args): calls f from site i. */
#define SITE_CALL(i, f, type) (site_target = (void *)(f), (type)(uintptr_t)(site_table + (size_t)(i) * SITE_SIZE))

#endif
