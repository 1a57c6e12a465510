/* The CPU profile: who runs it. */
#ifndef GW_PPROF_CPU_H
#define GW_PPROF_CPU_H

/* Counted: the profile is on while anybody wants it.  0 or -errno. */
int cpu_begin(int hz);
void cpu_end(void);
/* In the child of a fork the profile is off. */
void cpu_after_fork(void);

#endif
