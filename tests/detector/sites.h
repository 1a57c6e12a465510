/* Places in code by number: a table of small functions, each of which calls site_target and passes its arguments on,
 * six in registers and site_arg7.  What site_target sees as its return address tells the site. */
#ifndef TESTS_DETECTOR_SITES_H
#define TESTS_DETECTOR_SITES_H
#include <stddef.h>
#include <stdint.h>

#define SITES 131072
#define SITE_SIZE 32

extern char site_table[];
static void *site_target __attribute__((used));  /* read by the sites' code */
static uint64_t site_arg7 __attribute__((used)); /* likewise */

/* 20 bytes of code each; the call's return address is 18: see SITE_ADDRESS. */
__asm__(
    ".text\n"
    ".balign 32\n"
    ".globl site_table\n"
    ".type site_table, @function\n"
    "site_table:\n"
    ".rept 131072\n"
    "  push %rbp\n"
    "  mov %rsp, %rbp\n"
    "  push $0\n" /* alignment */
    "  push site_arg7(%rip)\n"
    "  call *site_target(%rip)\n"
    "  leave\n"
    "  ret\n"
    "  .balign 32\n"
    ".endr\n"
    ".size site_table, . - site_table\n");

/* What a finding shows for site i: the return address less one. */
#define SITE_ADDRESS(i) ((uintptr_t)site_table + (size_t)(i) * SITE_SIZE + 17)

/* SITE_CALL(i, f, type)(args): calls f from site i. */
#define SITE_CALL(i, f, type) (site_target = (void *)(f), (type)(uintptr_t)(site_table + (size_t)(i) * SITE_SIZE))

#endif
