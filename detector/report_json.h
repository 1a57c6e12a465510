/* The parts of a raw finding (report_format.h), and its beginning and end. */
#ifndef GW_DETECTOR_REPORT_JSON_H
#define GW_DETECTOR_REPORT_JSON_H
#include "base/json.h"
#include "detector/detector.h"

/* Until finding_end one finding is in work: log_lock is held. */
void finding_begin(struct text *t, const char *kind);
/* Writes it, or `plain` where there are no symbols, unless a suppression hides it, whose number is given back then;
 * else RENDER_SHOWN (base/render.h). */
int finding_end(struct text *t, const char *plain);

void frame_json(struct text *t, uintptr_t pc);
void stack_json(struct text *t, uint32_t stack);
void goroutine_json(struct text *t, const struct incarnation *who);
void access_json(struct text *t, enum race_op op, uintptr_t address, size_t size, const struct incarnation *who,
                 uint32_t ctx);
/* Members to go on with: where and by whom it was created; the module and offset of a global. */
void created_json(struct text *t, const struct incarnation *who);
void global_json(struct text *t, uintptr_t address);

/* Without symbols: module and offset of every frame, for `godwit report` or a person with addr2line. */
void plain_stack(struct text *t, uint32_t stack);
void plain_access(struct text *t, const char *mark, enum race_op op, const struct incarnation *who, uint32_t ctx);

#endif
