/* Functions that read and write p[0..n-1] around calls that open another epoch. */
#ifndef REGIONS_H
#define REGIONS_H
void other_epoch(void);
extern long region_sum;
extern _Atomic int region_word;
extern void (*other_epoch_pointer)(void);

void region_straight(long *p, int n);
void region_rare(long *p, int n);
void region_branch(long *p, int n);
void region_loop(long *p, int n);
void region_pointer(long *p, int n);
void region_atomic(long *p, int n);
void region_inner(long *p, int n);
void region_switch(long *p, int n);
void region_reads(long *p, int n);
#endif
