/* Functions that touch a word on one path only. */
#ifndef SPECULATION_H
#define SPECULATION_H
extern int speculation_word, speculation_other;
extern char speculation_bytes[8];

int speculation_select(int c);
int speculation_select_two(int c);
int speculation_switch(int c);
int speculation_loop_read(const int *p, int n);
void speculation_loop_write(const int *p, int n);
void speculation_loop_add(const int *p, int n);
void speculation_while(const int *p, int n);
int speculation_bytes_read(int c);
void speculation_store(int c);
void speculation_stores(int c, int d);
int speculation_both_arms(int c, int d);
#endif
