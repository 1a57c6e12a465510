/* Fills in a raw finding: functions, files, lines, names of variables and locks, the fingerprint. */
#ifndef GW_CLI_RESOLVE_H
#define GW_CLI_RESOLVE_H
#include <json-c/json.h>
#include <stdbool.h>

/* Changes the record in place.  What is filled in already stays, so that a symbolised log may be read again. */
void resolve_finding(json_object *finding);

/* Stacks in the finding's text (resolve_text.c). */
void resolve_text(json_object *finding);
/* Functions that the compiler made of OpenMP's constructs, and frames of its runtime, in one stack (resolve_openmp.c).
 */
void resolve_openmp(json_object *stack);
/* The variable and the locks (resolve_names.c), after the stacks; then the fingerprint (fingerprint.c), after both. */
void resolve_names(json_object *finding);
void resolve_fingerprint(json_object *finding);

/* Reading JSON without fuss: NULL, or `otherwise`, if the member isn't there or is of another type. */
json_object *member(json_object *o, const char *name, json_type type);
const char *member_string(json_object *o, const char *name);
int member_int(json_object *o, const char *name, int otherwise);

/* A module of the finding's process by its path.  The module of a frame-like object (module, offset) and its offset;
 * NULL if it names none. */
struct module;
struct module *finding_module(json_object *finding, const char *path);
struct module *frame_module(json_object *finding, json_object *frame, unsigned long long *offset);

#endif
