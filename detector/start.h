/* Start-up, the log, and how the process ends. */
#ifndef GW_DETECTOR_START_H
#define GW_DETECTOR_START_H
#include <stdbool.h>
#include <stddef.h>

/* The findings' log, opened by the first write; falls back to standard error, so that nothing is lost. */
void det_log_write(const char *p, size_t n);
bool det_log_is_terminal(void);
/* In the child of a fork: a log of its own. */
void det_log_after_fork(void);
/* Findings of this process so far, and how often they occurred. */
extern unsigned det_findings, det_occurrences;

#endif
