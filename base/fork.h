/* What base guards by locks is whole in a forked child. */
#ifndef GW_BASE_FORK_H
#define GW_BASE_FORK_H

/* From now on, once: before the caller registers handlers of its own with pthread_atfork, whose locks come before
 * these, and which use memory. */
void fork_base_prepare(void);

#endif
