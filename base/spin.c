/* Waiting for a spin lock: twice as long after each failure, so that while two threads want it all the time the one
 * that has it in its cache uses it many times in a row; from some microseconds on the holder may not be running. */
#include "spin.h"

#include "prim.h"

/* Measured: on channels that two threads hammer, larger values give no more, smaller ones cost up to three times the
 * time. */
enum { PAUSES_MAX = 64 };

void spin_wait_for(uint32_t *held) {
  int pauses = 1;
  do {
    for (int i = 0; i < pauses; i++) spin_pause();
    if (pauses < PAUSES_MAX)
      pauses *= 2;
    else
      prim_sched_yield();
  } while (!spin_try(held));
}
