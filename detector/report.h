/* From a race to a finding in the log. */
#ifndef GW_DETECTOR_REPORT_H
#define GW_DETECTOR_REPORT_H
#include "detector/detector.h"

/* Writes a finding unless one with the same two stacks was written before. Called inside the detector, no lock held. */
void report_race(struct det_thread *t, struct race_g *g, enum race_op op, uint32_t ctx, const struct race_pair *pair);
/* Calls write(arg), which gives back what finding_end did (report_json.h), unless a finding with this hash was written
 * before; then that one has occurred once more. Called inside the detector, no lock held. */
void report_once(uint64_t hash, int (*write)(const void *arg), const void *arg);
void report_init(void);
/* Around a fork: no report is under way while it happens, and the child counts anew. */
void report_before_fork(void);
void report_after_fork(bool child);

#endif
