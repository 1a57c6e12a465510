/* What clang makes of a construct of OpenMP are functions of its own: of f's parallel region f.omp_outlined, which with
 * debug information calls f.omp_outlined_debug__, and of a task .omp_outlined., which .omp_task_entry. calls.  Stacks
 * show the function that the construct stands in, and a task as such, and end where the runtime begins. */
#include <string.h>

#include "cli/mem.h"
#include "cli/resolve.h"

static bool is_runtime(json_object *frame) {
  const char *module = member_string(frame, "module"), *slash = module ? strrchr(module, '/') : NULL;
  if (!module) return false;
  module = slash ? slash + 1 : module;
  return has_prefix(module, "libomp.so") || has_prefix(module, "libiomp5.so");
}

static const char outlined[] = ".omp_outlined", entry[] = ".omp_task_entry.", task[] = "OpenMP task";

static bool is_body_of_task(const char *function) { return has_prefix(function, outlined); }
static bool is_body_of_region(const char *function) { return strstr(function, ".omp_outlined_debug__") != NULL; }

/* A call of nothing but the construct's body, which is `inner`, the frame inside it. */
static bool is_entry(const char *function, const char *inner) {
  if (!inner) return false;
  if (has_prefix(function, entry)) return is_body_of_task(inner);
  return strstr(function, outlined) && !is_body_of_region(function) && is_body_of_region(inner);
}

static void set_function(json_object *frame, const char *function, size_t n) {
  json_object_object_add(frame, "function", json_object_new_string_len(function, (int)n));
}

static void rename_outlined(json_object *frame) {
  const char *function = member_string(frame, "function");
  if (!function) return;
  const char *at = strstr(function, outlined);
  if (is_body_of_task(function) || has_prefix(function, entry))
    set_function(frame, task, strlen(task));
  else if (at)
    set_function(frame, function, (size_t)(at - function));
}

/* The runtime keeps no frame pointers: what seems to lie beyond it may be anything. */
static void cut_at_runtime(json_object *stack) {
  const size_t n = json_object_array_length(stack);
  size_t end = 1;
  while (end < n && !is_runtime(json_object_array_get_idx(stack, end))) end++;
  if (end < n) json_object_array_del_idx(stack, end, n - end);
}

void resolve_openmp(json_object *stack) {
  cut_at_runtime(stack);
  for (size_t i = json_object_array_length(stack); i-- > 0;) { /* from outside, as names change */
    json_object *frame = json_object_array_get_idx(stack, i);
    const char *function = member_string(frame, "function");
    const char *inner = i > 0 ? member_string(json_object_array_get_idx(stack, i - 1), "function") : NULL;
    if (function && is_entry(function, inner))
      json_object_array_del_idx(stack, i, 1);
    else
      rename_outlined(frame);
  }
}
