/* Every kind of access that C's operators, statements and types make, in pairs. */
#include "conformance.h"

#include <stdarg.h>

/* clang-format off */
static FAR int argument(int n) { __asm__ volatile("" : "+r"(n)); return n; } /* what the optimiser can't know */
static FAR void store(int *p, int v) { *p = v; }
static FAR int load(const int *p) { return *p; }
static FAR void count_calls(void) { static int calls; use(++calls); }
static int rec_x;
static FAR void recurse(int n) { if (n) recurse(n - 1); else rec_x = 1; }
static FAR void store_unaligned(char *p) { typedef int any_int __attribute__((aligned(1), may_alias)); *(any_int *)(void *)p = 7; }

/* --- operators --- */
PAIR(assign, static int assign, assign = 1, assign = 2)
PAIR(read_then_write, static int rtw, use(rtw), rtw = 1)
PAIR(write_then_read, static int wtr, wtr = 1, use(wtr))
PAIR(plus_assign, static int plus_a, plus_a += 2, plus_a += 3)
PAIR(minus_assign, static int minus_a, minus_a -= 2, use(minus_a))
PAIR(times_assign, static int times_a, times_a *= 2, use(times_a))
PAIR(divide_assign, static int divide_a = 8, divide_a /= 2, use(divide_a))
PAIR(modulo_assign, static int modulo_a = 9, modulo_a %= 4, use(modulo_a))
PAIR(and_assign, static int and_a = 9, and_a &= 4, use(and_a))
PAIR(or_assign, static int or_a = 9, or_a |= 4, use(or_a))
PAIR(xor_assign, static int xor_a = 9, xor_a ^= 4, use(xor_a))
PAIR(shift_left_assign, static int shl_a = 9, shl_a <<= 4, use(shl_a))
PAIR(shift_right_assign, static int shr_a = 9, shr_a >>= 1, use(shr_a))
PAIR(increment, static int inc, inc++, use(inc))
PAIR(pre_increment, static int pre_inc, use(++pre_inc), use(pre_inc))
PAIR(decrement, static int dec, dec--, --dec)
PAIR(add, static int add_x, use(add_x + 1), add_x = 1)
PAIR(add_right, static int add_y, use(1 + add_y), add_y = 1)
PAIR(subtract, static int sub_x, use(7 - sub_x), sub_x = 1)
PAIR(multiply, static int mul_x, use(mul_x * 7), mul_x = 1)
PAIR(divide, static int div_x = 3, use(7 / div_x), div_x = 1)
PAIR(modulo, static int mod_x = 3, use(7 % mod_x), mod_x = 1)
PAIR(bit_and, static int band_x = 3, use(7 & band_x), band_x = 1)
PAIR(bit_or, static int bor_x = 3, use(8 | bor_x), bor_x = 1)
PAIR(bit_xor, static int bxor_x = 3, use(8 ^ bxor_x), bxor_x = 1)
PAIR(bit_not, static int bnot_x = 3, use(~bnot_x), bnot_x = 1)
PAIR(shift_count, static int shc_x = 3, use(1 << shc_x), shc_x = 1)
PAIR(negate, static int neg_x = 3, use(-neg_x), neg_x = 1)
PAIR(not, static int not_x = 3, use(!not_x), not_x = 1)
PAIR(equal, static int eq_x = 3, use(eq_x == 3), eq_x = 1)
PAIR(less, static int lt_x = 3, use(lt_x < 3), lt_x = 1)
PAIR(compare_two, static int c2_x; static int c2_y, use(c2_x > c2_y), c2_y = 1)
PAIR(and_left, static int al_x, use(al_x && argument(1)), al_x = 1)
PAIR(and_right, static int ar_x, use(argument(1) && ar_x), ar_x = 1)
PAIR(or_right, static int or_x, use(argument(0) || or_x), or_x = 1)
SAFE(and_not_evaluated, static int ane_x, use(argument(0) && ane_x), ane_x = 1)
SAFE(or_not_evaluated, static int one_x, use(argument(1) || one_x), one_x = 1)
PAIR(conditional_condition, static int cc_x, use(cc_x ? 3 : 4), cc_x = 1)
PAIR(conditional_taken, static int ct_x, use(argument(1) ? ct_x : 4), ct_x = 1)
SAFE(conditional_not_taken, static int cnt_x, use(argument(0) ? cnt_x : 4), cnt_x = 1)
PAIR(comma, static int comma_x, use((comma_x++, 3)), comma_x = 1)
PAIR(cast, static int cast_x, use((char)cast_x), cast_x = 1)
PAIR(widen, static signed char widen_x, use((long)widen_x), widen_x = 1)
PAIR(to_double, static int tod_x, use((double)tod_x), tod_x = 1)
SAFE(sizeof_reads_nothing, static int sz_x, use(sizeof sz_x), sz_x = 1)
SAFE(address_reads_nothing, static int ad_x, use(&ad_x), ad_x = 1)
PAIR(dereference, static int der_x; static int *der_p = &der_x, use(*der_p), *der_p = 1)
PAIR(pointer_itself, static int pi_x; static int *pi_p = &pi_x, use(*pi_p), pi_p = &pi_x)
PAIR(pointer_arithmetic, static int pa_x[4]; static int *pa_p = pa_x, use(pa_p + 1), pa_p++)
PAIR(pointer_compare, static int *pc_p, use(pc_p == NULL), pc_p = (int *)8)

/* --- statements --- */
PAIR(if_condition, static int if_x, { if (if_x) argument(1); }, if_x = 1)
PAIR(if_body, static int ifb_x, { if (argument(1)) ifb_x = 3; }, ifb_x = 1)
SAFE(if_body_not_run, static int ifn_x, { if (argument(0)) ifn_x = 3; }, ifn_x = 1)
PAIR(else_body, static int els_x, { if (argument(0)) argument(1); else els_x = 3; }, els_x = 1)
PAIR(while_condition, static int wh_x, { while (wh_x) argument(1); }, wh_x = 0)
PAIR(while_body, static int whb_x, { int n = argument(3); while (n-- > 0) whb_x += n; }, whb_x = 1)
PAIR(do_body, static int do_x, { do do_x++; while (argument(0)); }, do_x = 1)
PAIR(for_init, static int fi_x, { for (fi_x = argument(1); argument(0);) argument(1); }, use(fi_x))
PAIR(for_condition, static int fc_x, { for (int i = 0; i < fc_x; i++) argument(1); }, fc_x = 0)
PAIR(for_step, static int fs_x, { for (int i = 0; i < argument(3); i++, fs_x++) argument(1); }, use(fs_x))
PAIR(for_counter, static int fcn_x, { for (fcn_x = 0; fcn_x < argument(3); fcn_x++) argument(1); }, use(fcn_x))
PAIR(switch_value, static int sw_x, { switch (sw_x) { case 1: argument(1); break; default: argument(2); } }, sw_x = 7)
PAIR(case_body, static int cb_x, { switch (argument(2)) { case 2: cb_x = 1; break; default: break; } }, use(cb_x))
PAIR(fallthrough, static int ft_x, { switch (argument(1)) { case 1: argument(1); __attribute__((fallthrough)); case 2: ft_x = 1; break; default: break; } }, use(ft_x))
SAFE(case_not_run, static int cn_x, { switch (argument(1)) { case 2: cn_x = 1; break; default: break; } }, use(cn_x))
PAIR(goto_loop, static int gt_x, { int n = argument(2); again: gt_x++; if (n-- > 0) goto again; }, use(gt_x))
PAIR(break_before, static int bb_x, { for (;;) { bb_x++; if (argument(1)) break; } }, use(bb_x))
SAFE(after_break, static int ab_x, { for (;;) { if (argument(1)) break; ab_x++; } }, use(ab_x))
SAFE(after_continue, static int ac_x, { for (int i = 0; i < argument(2); i++) { if (argument(1)) continue; ac_x++; } }, use(ac_x))
PAIR(block_scope, static int bs_x, { int *p; { int *q = &bs_x; p = q; } *p = 1; }, use(bs_x))

/* --- functions --- */
PAIR(argument_value, static int av_x, use(argument(av_x)), av_x = 1)
PAIR(returned_value, static int rv_x, rv_x = argument(3), use(rv_x))
static int ret_x;
static FAR int returns_global(void) { return ret_x; }
PAIR(return_statement, , use(returns_global()), ret_x = 1)
PAIR(function_pointer, static int (*fp_f)(int) = argument, use(fp_f(1)), fp_f = argument)
PAIR(variadic_argument, static int va_x, use(snprintf(NULL, 0, "%d", va_x)), va_x = 1)
PAIR(static_local, , count_calls(), count_calls())
PAIR(recursion, , recurse(5), use(rec_x))
SAFE(own_locals, , { int l = argument(1); store(&l, 3); use(load(&l)); }, { int l = argument(1); store(&l, 3); use(load(&l)); })
SAFE(own_heap, , { int *l = malloc(sizeof *l); store(l, 3); use(load(l)); free(l); }, { int *l = malloc(sizeof *l); store(l, 3); use(load(l)); free(l); })
SAFE(thread_local_each, static _Thread_local int tl_x, { tl_x++; use(tl_x); }, { tl_x++; use(tl_x); })
static const int cst_x[4] = {1, 2, 3, 4};
SAFE(constants, , use(cst_x[argument(2)]), use(cst_x[argument(2)]))
SAFE(literals, , use(strlen("abc")), use(strlen("abc")))

/* --- types --- */
PAIR(type_bool, static bool b_x, b_x = true, use(b_x))
PAIR(type_char, static char c_x, c_x = 1, use(c_x))
PAIR(type_short, static short s_x, s_x = 1, use(s_x))
PAIR(type_long, static long l_x, l_x = 1, use(l_x))
PAIR(type_unsigned, static unsigned u_x, u_x = 1, use(u_x))
PAIR(type_float, static float f_x, f_x = 1, use(f_x))
PAIR(type_double, static double d_x, d_x = 1, use(d_x))
PAIR(type_long_double, static long double ld_x, ld_x = 1, { long double v = ld_x; use(&v); })
PAIR(type_int128, static __int128 i128_x, i128_x = 1, { long v = (long)(i128_x >> 64); use(v); })
PAIR(type_complex, static double _Complex cx_x, cx_x = 1, use(__real__ cx_x))
PAIR(type_pointer, static void *p_x, p_x = &p_x, use(p_x))
static enum color { RED, GREEN } e_x;
PAIR(type_enum, , e_x = GREEN, use(e_x))
PAIR(type_volatile, static volatile int v_x, v_x = 1, use(v_x))
PAIR(type_vector, typedef int v4 __attribute__((vector_size(16))); static v4 vec_x, (vec_x = (v4){1, 2, 3, 4}), { int v = vec_x[2]; use(v); })

/* --- arrays --- */
static int arr[16], grid[4][4];
PAIR(array_element, , arr[1] = 1, use(arr[1]))
SAFE(array_elements, , arr[2] = 1, use(arr[3]))
PAIR(array_variable_index, , arr[argument(5)] = 1, use(arr[argument(5)]))
SAFE(array_variable_indices, , arr[argument(6)] = 1, use(arr[argument(7)]))
PAIR(array_index_itself, static int ai_x, use(arr[ai_x & 1 ? 9 : 8]), ai_x = 2)
PAIR(array_two_dimensions, , grid[1][2] = 1, use(grid[1][2]))
SAFE(array_rows, , grid[2][2] = 1, use(grid[1][3]))
PAIR(array_loop, static int lp_x[64], { for (int i = 0; i < argument(64); i++) lp_x[i] = i; }, use(lp_x[63]))
SAFE(array_loop_halves, static int lh_x[64], { for (int i = 0; i < argument(32); i++) lh_x[i] = i; }, { for (int i = 32; i < argument(64); i++) lh_x[i] = i; })
PAIR(array_stride, static int st_x[64], { for (int i = 0; i < argument(64); i += 2) st_x[i] = i; }, use(st_x[62]))
SAFE(array_strides, static int ss_x[64], { for (int i = 0; i < argument(64); i += 2) ss_x[i] = i; }, { for (int i = 1; i < argument(64); i += 2) ss_x[i] = i; })
PAIR(array_backwards, static int bk_x[64], { for (int i = argument(64); i-- > 0;) bk_x[i] = i; }, use(bk_x[0]))
PAIR(char_array, static char ca_x[16], ca_x[argument(3)] = 1, use(ca_x[argument(3)]))
SAFE(char_neighbours, static char cn2_x[16], cn2_x[argument(3)] = 1, use(cn2_x[argument(4)]))
PAIR(heap_array, static int *ha_x, { if (!ha_x) ha_x = calloc(8, 4); ha_x[2] = 1; }, use(ha_x))

/* --- structs --- */
struct point { int x, y; };
struct outer { struct point p; char name[8]; struct point *at; };
struct packed { char c; int i; short s; } __attribute__((packed));
struct bits { unsigned a : 3, b : 5, : 0, c : 4; };
union either { int i; float f; char c[8]; };
static struct outer so, so2;
static FAR void take_struct(struct outer o) { use(o.p.x); }
static FAR struct point make_point(int n) { return (struct point){n, n}; }
PAIR(field, , so.p.x = 1, use(so.p.x))
SAFE(fields, , so.p.y = 1, use(so2.p.x))
SAFE(neighbour_fields, static struct point nf_x, nf_x.x = 1, use(nf_x.y))
PAIR(nested_field, static struct outer nef_x, nef_x.p.y = 1, use(nef_x.p.y))
PAIR(field_by_pointer, static struct point fbp_x; static struct point *fbp_p = &fbp_x, fbp_p->y = 1, use(fbp_p->y))
PAIR(struct_copy_from, static struct outer scf_x; static struct outer scf_y, scf_y = scf_x, scf_x.p.y = 2)
PAIR(struct_copy_to, static struct outer sct_x; static struct outer sct_y, sct_y = sct_x, use(sct_y.p.y))
PAIR(struct_small_copy, static struct point ssc_x; static struct point ssc_y, ssc_y = ssc_x, use(ssc_y.y))
PAIR(struct_literal, static struct point sl_x, sl_x = ((struct point){1, 2}), use(sl_x.y))
PAIR(struct_zeroed, static struct outer sz_o, sz_o = (struct outer){.name = ""}, use(sz_o.name[3]))
PAIR(struct_argument, static struct outer sa_x, take_struct(sa_x), sa_x.p.x = 1)
PAIR(struct_returned, static struct point sr_x, sr_x = make_point(3), use(sr_x.y))
PAIR(struct_array, static struct point sar_x[4], sar_x[2].y = 1, use(sar_x[2].y))
SAFE(struct_array_elements, static struct point sae_x[4], sae_x[2].y = 1, use(sae_x[1].y))
PAIR(struct_inner_array, static struct outer sia_x, sia_x.name[3] = 1, use(sia_x.name[3]))
SAFE(struct_field_beside_copy, static struct outer sfb_x; static struct point sfb_y, sfb_y = sfb_x.p, sfb_x.name[0] = 1)
PAIR(packed_field, static struct packed pk_x, pk_x.i = 1, use(pk_x.i))
SAFE(packed_fields, static struct packed pks_x, pks_x.i = 1, use(pks_x.s))
PAIR(bit_field, static struct bits bf_x, bf_x.a = 1, use((int)bf_x.a))
PAIR(bit_fields_of_one_unit, static struct bits bfu_x, bfu_x.a = 1, bfu_x.b = 2)
SAFE(bit_fields_of_two_units, static struct bits bft_x, bft_x.a = 1, bft_x.c = 2)
PAIR(union_members, static union either un_x, un_x.i = 1, use(un_x.f))
PAIR(union_part, static union either unp_x, unp_x.i = 1, use(unp_x.c[2]))
SAFE(union_other_part, static union either uno_x, uno_x.i = 1, use(uno_x.c[5]))
PAIR(flexible_member, static struct { int n; char text[16]; } fm_x, fm_x.text[argument(7)] = 1, use(fm_x.text[7]))
PAIR(linked_list, static struct outer ll_x = {.at = &so2.p}, use(ll_x.at), ll_x.at = NULL)
PAIR(flags_word, static unsigned fw_x, fw_x |= 1, fw_x |= 2)

/* --- overlaps of several sizes --- */
static union { char c[16]; short s[8]; int i[4]; long l[2]; } ov;
PAIR(byte_in_word, , ov.i[0] = 1, use(ov.c[3]))
SAFE(byte_beside_word, , ov.i[1] = 1, use(ov.c[8]))
PAIR(word_in_long, , ov.l[1] = 1, use(ov.i[3]))
PAIR(unaligned_over_two, static char u2_x[32], memcpy(u2_x + argument(6), "1234", 4), use(u2_x[9]))
SAFE(unaligned_beside, static char ub_x[32], memcpy(ub_x + argument(6), "1234", 4), use(ub_x[10]))
PAIR(unaligned_int, static char ui_x[32] __attribute__((aligned(8))), store_unaligned(ui_x + argument(5)), use(ui_x[8]))

/* --- slices: a pointer, a length and a room --- */
struct slice { int *at; int len, cap; };
static int room[32];
static struct slice sl = {room, 4, 32};
static FAR void append(struct slice *s, int v) { s->at[s->len++] = v; }
static FAR int last(const struct slice *s) { return s->at[s->len - 1]; }
PAIR(slice_append_twice, , append(&sl, 1), append(&sl, 2))
PAIR(slice_append_and_last, , append(&sl, 1), use(last(&sl)))
static struct slice sle_x = {room, 4, 32};
PAIR(slice_length, , sle_x.len++, use(sle_x.len))
static struct slice slc_x = {room, 4, 32};
PAIR(slice_room, , slc_x.cap = 16, use(slc_x.cap))
static struct slice slr_x = {room, 4, 32};
SAFE(slice_length_and_room, , slr_x.len++, use(slr_x.cap))
static int se_r[8]; static struct slice se_x = {se_r, 4, 8};
PAIR(slice_element, , se_x.at[2] = 1, use(se_x.at[2]))
static int ses_r[8]; static struct slice ses_x = {ses_r, 4, 8};
SAFE(slice_elements, , ses_x.at[2] = 1, use(ses_x.at[1]))
static int sos_r[8]; static struct slice sos_x = {sos_r, 8, 8};
PAIR(slice_of_slice, , ({ struct slice t = {sos_x.at + 2, 2, 2}; t.at[1] = 1; }), use(sos_x.at[3]))
static int sp_r[8]; static struct slice sp_x = {sp_r, 8, 8};
SAFE(slice_parts, , ({ struct slice t = {sp_x.at, 4, 4}; t.at[3] = 1; }), ({ struct slice t = {sp_x.at + 4, 4, 4}; t.at[0] = 1; }))
static struct slice sch_x = {room, 1, 2};
PAIR(slice_copied_header, , { struct slice t = sch_x; use(t.len); }, sch_x.len = 7)
PAIR(slice_copy, static int scp_r[8], memcpy(scp_r, room, sizeof scp_r), use(scp_r[7]))
PAIR(slice_clear, static int scl_r[8], memset(scl_r, 0, sizeof scl_r), use(scl_r[7]))

/* --- interfaces: a value behind a table of functions --- */
struct shape { const struct shape_ops *ops; int side; };
struct shape_ops { int (*area)(const struct shape *); };
static FAR int square(const struct shape *s) { return s->side * s->side; }
static const struct shape_ops squares = {square};
static struct shape if_s = {&squares, 3};
PAIR(interface_value, , use(if_s.ops), if_s.ops = NULL)
static struct shape im_s = {&squares, 3};
SAFE(interface_methods, , use(im_s.ops->area(&im_s)), use(im_s.ops->area(&im_s)))

/* --- strings --- */
static char text[64] = "some text";
PAIR(string_length, static char sln_x[16] = "ab", use(strlen(sln_x)), sln_x[1] = 'x')
PAIR(string_copy, static char scy_x[16], strcpy(scy_x, text), use(scy_x[2]))
PAIR(string_compare, static char scm_x[16] = "abc", use(strcmp(scm_x, text)), scm_x[0] = 's')
PAIR(string_append, static char sap_x[32] = "a", strcat(sap_x, "bc"), use(sap_x[1]))
PAIR(string_print, static char spr_x[32] = "a", snprintf(spr_x, sizeof spr_x, "%d", argument(12)), use(spr_x[1]))
SAFE(string_prefix, static char spf_x[16] = "abcdef", use(strncmp(spf_x, "abc", 3)), spf_x[5] = 'x')

