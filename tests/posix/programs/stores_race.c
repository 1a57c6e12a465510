/* Functions of libm and libc whose calls stay as they are, and which store results where they are told. */
#include "pairs.h"

#include <math.h>
#include <netdb.h>

static volatile double x = 1.5;
static double s, c, whole;
static float fs, fc;
static long double lwhole;
static int power, bits, sign;
static struct addrinfo *found;

#define LOOK(v) use((long)*(volatile __typeof__(v) *)&(v))

/* clang-format off */
PAIR(1, sincos(x, &s, &c), LOOK(s))                                  /* RACE 1: write */ /* RACE 1: read */
PAIR(2, sincos(x, &s, &c), LOOK(c))                                  /* RACE 2: write */ /* RACE 2: read */
PAIR(3, frexp(x, &power), LOOK(power))                               /* RACE 3: write */ /* RACE 3: read */
PAIR(4, modf(x, &whole), LOOK(whole))                                /* RACE 4: write */ /* RACE 4: read */
PAIR(5, remquo(x, 2, &bits), LOOK(bits))                             /* RACE 5: write */ /* RACE 5: read */
PAIR(6, lgamma_r(x, &sign), LOOK(sign))                              /* RACE 6: write */ /* RACE 6: read */
PAIR(7, sincosf((float)x, &fs, &fc), LOOK(fc))                       /* RACE 7: write */ /* RACE 7: read */
PAIR(8, modfl(x, &lwhole), LOOK(lwhole))                             /* RACE 8: write */ /* RACE 8: read */
PAIR(9, getaddrinfo("127.0.0.1", "80", NULL, &found), use(found != NULL)) /* RACE 9: write */ /* RACE 9: read */
/* clang-format on */

#define RUN(n) both(a##n, b##n);
int main(void) { RUN(1) RUN(2) RUN(3) RUN(4) RUN(5) RUN(6) RUN(7) RUN(8) RUN(9) }
