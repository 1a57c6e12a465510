/* kinds.h: the table. */
#include "pprof/kinds.h"

#include <string.h>
#include <time.h>

#include "base/prim.h"

#define COUNT(name) {name, "count"}

const struct source sources[] = {
    {{"allocs",
      4,
      {COUNT("alloc_objects"), {"alloc_space", "bytes"}, COUNT("inuse_objects"), {"inuse_space", "bytes"}},
      {"space", "bytes"},
      "alloc_space"},
     allocs_collect,
     "samples of all past memory allocations"},
    {{"block", 2, {COUNT("contentions"), {"delay", "nanoseconds"}}, COUNT("contentions"), "delay"},
     blocks_collect,
     "stacks that led to waiting on channels, locks and the like"},
    {{"cpu", 2, {COUNT("samples"), {"cpu", "nanoseconds"}}, {"cpu", "nanoseconds"}, "cpu"},
     cpu_collect,
     "where processor time went; while it is on"},
    {{"goroutine", 1, {COUNT("goroutine")}, COUNT("goroutine"), "goroutine"},
     goroutines_collect,
     "stacks of all goroutines; debug=2 shows them one by one"},
    {{"goroutineleak", 1, {COUNT("goroutineleak")}, COUNT("goroutineleak"), "goroutineleak"},
     leaks_collect,
     "goroutines that are blocked for ever: nothing that lives can reach what they wait on"},
    {{"heap",
      4,
      {COUNT("alloc_objects"), {"alloc_space", "bytes"}, COUNT("inuse_objects"), {"inuse_space", "bytes"}},
      {"space", "bytes"},
      "inuse_space"},
     heap_collect,
     "samples of the memory that is allocated now"},
    {{"mutex", 2, {COUNT("contentions"), {"delay", "nanoseconds"}}, COUNT("contentions"), "delay"},
     mutexes_collect,
     "stacks that held locks for which others waited"},
    {{"threadcreate", 1, {COUNT("threadcreate")}, COUNT("threadcreate"), "threadcreate"},
     threads_collect,
     "threads of the operating system"},
};
const size_t source_count = sizeof sources / sizeof sources[0];

const struct source *source_find(const char *name) {
  for (size_t i = 0; i < source_count; i++)
    if (strcmp(sources[i].kind.name, name) == 0) return &sources[i];
  return NULL;
}

int profile_take(struct profile *p, const struct source *s, const char **why) {
  profile_init(p, &s->kind);
  p->period = 1;
  p->time_ns = prim_wall_now();
  return s->collect(p, why);
}
