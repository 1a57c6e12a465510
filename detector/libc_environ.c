/* What libc keeps one of for the whole process: the environment, and the place of strtok.
 *
 * A thread that looks something up while another one changes the environment may read freed memory, whatever the names:
 * look-ups read the variable `environ`, changes write it. */
#include "detector/libc.h"

#define LOOKS_UP() R(&environ, sizeof environ)
#define CHANGES() W(&environ, sizeof environ)

#define LOOK_UP(name)                     \
  char *__gw_i_##name(const char *what) { \
    CALLER();                             \
    R_STRING(what);                       \
    LOOKS_UP();                           \
    return name(what);                    \
  }
LOOK_UP(getenv)
LOOK_UP(secure_getenv)

int __gw_i_setenv(const char *what, const char *value, int replace) {
  CALLER();
  R_STRING(what);
  R_STRING(value);
  CHANGES();
  return setenv(what, value, replace);
}
int __gw_i_unsetenv(const char *what) {
  CALLER();
  R_STRING(what);
  CHANGES();
  return unsetenv(what);
}
int __gw_i_putenv(char *text) {
  CALLER();
  R_STRING(text);
  CHANGES();
  return putenv(text);
}
int __gw_i_clearenv(void) {
  CALLER();
  CHANGES();
  return clearenv();
}

/* As libc's, which we can't see, for instrumented code. */
static char *strtok_place;
char *__gw_i_strtok(char *restrict s, const char *restrict set) {
  CALLER();
  if (!s) R(&strtok_place, sizeof strtok_place);
  char *from = s ? s : strtok_place;
  R_STRING(set);
  char *token = strtok_r(s, set, &strtok_place);
  W(&strtok_place, sizeof strtok_place);
  if (!from) return token;
  char *end = token ? token + strlen(token) : from + strlen(from);
  R(from, up_to(from, end));
  if (token && strtok_place == end + 1) W(end, 1);
  return token;
}
