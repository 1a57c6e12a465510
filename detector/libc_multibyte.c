/* Conversions between wide characters and bytes.  A string's end is read, and written, with it; what is known of an
 * unfinished character lies in the state, which may be libc's own. */
#include "detector/libc.h"

/* --- whole strings -------------------------------------------------------------------------------------------------
 */

/* `room` is what _FORTIFY_SOURCE knows of the destination, in its characters. */
static size_t to_wide(struct race_g *g, wchar_t *to, const char *from, size_t n, size_t room, struct race_at at) {
  check_room(n, room);
  R_STRING(from);
  size_t r = mbstowcs(to, from, n);
  if (to && r != (size_t)-1) W(to, WIDE(least(r + 1, n)));
  return r;
}
size_t __gw_i_mbstowcs(wchar_t *to, const char *from, size_t n) {
  CALLER();
  return to_wide(g, to, from, n, SIZE_MAX, at);
}
size_t __gw_i___mbstowcs_chk(wchar_t *to, const char *from, size_t n, size_t room) {
  CALLER();
  return to_wide(g, to, from, n, room, at);
}

static size_t to_bytes(struct race_g *g, char *to, const wchar_t *from, size_t n, size_t room, struct race_at at) {
  check_room(n, room);
  R_WIDE(from);
  size_t r = wcstombs(to, from, n);
  if (to && r != (size_t)-1) W(to, least(r + 1, n));
  return r;
}
size_t __gw_i_wcstombs(char *to, const wchar_t *from, size_t n) {
  CALLER();
  return to_bytes(g, to, from, n, SIZE_MAX, at);
}
size_t __gw_i___wcstombs_chk(char *to, const wchar_t *from, size_t n, size_t room) {
  CALLER();
  return to_bytes(g, to, from, n, room, at);
}

/* --- strings in pieces: the place moves on, and is NULL behind the end -----------------------------------------------
 */

/* After r characters were made of what lies at `from`, `most` bytes or characters of it.  Without a destination the
 * place stays, and all is looked at. */
#define PIECES(name, to_type, from_type, length, to_size, from_size)                                          \
  static size_t name(struct race_g *g, size_t r, to_type *to, const from_type **place, const from_type *from, \
                     size_t most, const mbstate_t *state, struct race_at at) {                                \
    if (state) W(state, sizeof *state);                                                                       \
    if (r == (size_t)-1 && !to) return r;                                                                     \
    R(from, from_size(to && *place ? (size_t)(*place - from) : least(length(from, most) + 1, most)));         \
    if (!to) return r;                                                                                        \
    W(place, sizeof *place);                                                                                  \
    if (r != (size_t)-1) W(to, to_size(*place ? r : r + 1));                                                  \
    return r;                                                                                                 \
  }
#define BYTES(n) (n)
PIECES(made_wide, wchar_t, char, strnlen, WIDE, BYTES)
PIECES(made_bytes, char, wchar_t, wcsnlen, BYTES, WIDE)

#define CONVERTS(name, made, to_type, from_type)                                                                  \
  size_t __gw_i_##name(to_type *restrict to, const from_type **restrict place, size_t n, mbstate_t *restrict s) { \
    CALLER();                                                                                                     \
    const from_type *from = *place;                                                                               \
    return made(g, name(to, place, n, s), to, place, from, SIZE_MAX, s, at);                                      \
  }                                                                                                               \
  size_t __gw_i___##name##_chk(to_type *restrict to, const from_type **restrict place, size_t n,                  \
                               mbstate_t *restrict s, size_t room) {                                              \
    CALLER();                                                                                                     \
    check_room(n, room);                                                                                          \
    const from_type *from = *place;                                                                               \
    return made(g, name(to, place, n, s), to, place, from, SIZE_MAX, s, at);                                      \
  }
CONVERTS(mbsrtowcs, made_wide, wchar_t, char)
CONVERTS(wcsrtombs, made_bytes, char, wchar_t)

#define CONVERTS_MOST(name, made, to_type, from_type)                                                         \
  size_t __gw_i_##name(to_type *restrict to, const from_type **restrict place, size_t most, size_t n,         \
                       mbstate_t *restrict s) {                                                               \
    CALLER();                                                                                                 \
    const from_type *from = *place;                                                                           \
    return made(g, name(to, place, most, n, s), to, place, from, most, s, at);                                \
  }                                                                                                           \
  size_t __gw_i___##name##_chk(to_type *restrict to, const from_type **restrict place, size_t most, size_t n, \
                               mbstate_t *restrict s, size_t room) {                                          \
    CALLER();                                                                                                 \
    check_room(n, room);                                                                                      \
    const from_type *from = *place;                                                                           \
    return made(g, name(to, place, most, n, s), to, place, from, most, s, at);                                \
  }
CONVERTS_MOST(mbsnrtowcs, made_wide, wchar_t, char)
CONVERTS_MOST(wcsnrtombs, made_bytes, char, wchar_t)

/* --- single characters -----------------------------------------------------------------------------------------------
 */

int __gw_i_mbtowc(wchar_t *to, const char *from, size_t n) {
  CALLER();
  int r = mbtowc(to, from, n);
  if (from && r >= 0) R(from, r ? (size_t)r : 1);
  if (from && to && r >= 0) W(to, sizeof *to);
  return r;
}
static int character(struct race_g *g, char *to, wchar_t c, struct race_at at) {
  int r = wctomb(to, c);
  if (to && r > 0) W(to, (size_t)r);
  return r;
}
int __gw_i_wctomb(char *to, wchar_t c) {
  CALLER();
  return character(g, to, c, at);
}
int __gw_i___wctomb_chk(char *to, wchar_t c, size_t room) {
  CALLER();
  check_room(MB_CUR_MAX, room);
  return character(g, to, c, at);
}
size_t __gw_i_mbrtowc(wchar_t *restrict to, const char *restrict from, size_t n, mbstate_t *restrict state) {
  CALLER();
  size_t r = mbrtowc(to, from, n, state);
  if (state) W(state, sizeof *state);
  if (from && (ssize_t)r >= 0) R(from, r ? r : 1);
  if (from && to && (ssize_t)r >= 0) W(to, sizeof *to);
  return r;
}
static size_t character_from(struct race_g *g, char *to, wchar_t c, mbstate_t *state, struct race_at at) {
  size_t r = wcrtomb(to, c, state);
  if (state) W(state, sizeof *state);
  if (to && (ssize_t)r > 0) W(to, r);
  return r;
}
size_t __gw_i_wcrtomb(char *restrict to, wchar_t c, mbstate_t *restrict state) {
  CALLER();
  return character_from(g, to, c, state, at);
}
size_t __gw_i___wcrtomb_chk(char *restrict to, wchar_t c, mbstate_t *restrict state, size_t room) {
  CALLER();
  check_room(MB_CUR_MAX, room);
  return character_from(g, to, c, state, at);
}
