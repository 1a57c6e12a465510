#ifndef MANY_H
#define MANY_H
/* n goroutines are created and park; are woken and end; then the same with what they left behind. */
void many(long n);
#endif
