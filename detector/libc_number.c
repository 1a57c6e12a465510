/* Numbers from strings: what libc reads ends with the first character that belongs to no number. */
#include "detector/libc.h"

/* With no number at all the text is searched no further than blanks go; only its first character is sure to be read. */
#define READ_NUMBER() R(s, up_to(s, end))
#define GIVE_END()               \
  if (end_out) {                 \
    W(end_out, sizeof *end_out); \
    *end_out = end;              \
  }

#define TO_INTEGER(type, name)                                  \
  type __gw_i_##name(const char *s, char **end_out, int base) { \
    CALLER();                                                   \
    char *end;                                                  \
    type value = name(s, &end, base);                           \
    READ_NUMBER();                                              \
    GIVE_END();                                                 \
    return value;                                               \
  }
TO_INTEGER(long, strtol)
TO_INTEGER(long long, strtoll)
TO_INTEGER(unsigned long, strtoul)
TO_INTEGER(unsigned long long, strtoull)
TO_INTEGER(intmax_t, strtoimax)
TO_INTEGER(uintmax_t, strtoumax)
TO_INTEGER(long, __isoc23_strtol)
TO_INTEGER(long long, __isoc23_strtoll)
TO_INTEGER(unsigned long, __isoc23_strtoul)
TO_INTEGER(unsigned long long, __isoc23_strtoull)
TO_INTEGER(intmax_t, __isoc23_strtoimax)
TO_INTEGER(uintmax_t, __isoc23_strtoumax)

#define TO_REAL(type, name)                           \
  type __gw_i_##name(const char *s, char **end_out) { \
    CALLER();                                         \
    char *end;                                        \
    type value = name(s, &end);                       \
    READ_NUMBER();                                    \
    GIVE_END();                                       \
    return value;                                     \
  }
TO_REAL(double, strtod)
TO_REAL(float, strtof)
TO_REAL(long double, strtold)

#define FROM_TEXT(type, name, by)     \
  type __gw_i_##name(const char *s) { \
    CALLER();                         \
    char *end;                        \
    type value = (type)by;            \
    READ_NUMBER();                    \
    return value;                     \
  }
FROM_TEXT(int, atoi, strtol(s, &end, 10))
FROM_TEXT(long, atol, strtol(s, &end, 10))
FROM_TEXT(long long, atoll, strtoll(s, &end, 10))
FROM_TEXT(double, atof, strtod(s, &end))
