/* The findings' log (option log_path). */
#ifndef GW_BASE_LOG_H
#define GW_BASE_LOG_H
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/spin.h"

/* One finding at a time: held from modules_refresh (modules.h) until it is written. */
extern struct spin_LOG log_lock;
/* Writes a raw finding (report_format.h) as its helper renders it; without a helper as JSON or, for people, as `plain`.
 * CHILD_SHOWN (child.h); or, with nothing written nor counted, the number of the suppression that hides it.  Blocks
 * while the helper works. */
int log_finding_locked(struct text *json, const char *plain);
/* A finding occurred once more; `was` is what log_finding_locked gave the first time. */
void log_again_locked(int was);
/* Called once a finding is in the log, under log_lock; NULL: nobody. Set before there are threads. */
extern void (*log_on_finding)(void);
/* Findings of this process so far, and how often they occurred; atomic. */
extern unsigned log_findings, log_occurrences;
/* The status that a process which ends with `status` has to give: the option exitcode's once there is a finding. Prints
 * the summary line the first time that there is one. */
int log_exit_status(int status);

/* The findings' log, opened by the first write; falls back to standard error, so that nothing is lost. */
void log_write(const char *p, size_t n);
bool log_is_terminal(void);
/* In the child of a fork: a log of its own. */
void log_after_fork(void);

#endif
