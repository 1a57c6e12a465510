/* Profiles that `go tool pprof` and `godwit pprof` open.  Facts, names and formats are those of Go's runtime/pprof and
 * net/http/pprof. */
#ifndef GODWIT_PPROF_H
#define GODWIT_PPROF_H
#include <stdint.h>

/* Writes a profile to a descriptor: name is "goroutine", "block", "mutex", "heap", "allocs", "threadcreate",
 * "goroutineleak" or "cpu". debug 0: profile.proto, gzipped; 1: Go's text; 2 ("goroutine"): the goroutines one by one.
 * 0, or -1 with errno: EINVAL for an unknown name, ENOTSUP for a profile that this program hasn't got (heap without the
 * malloc of `godwit cc`; cpu while it is off), else write's. Blocks the thread, not only the goroutine: functions and
 * lines come from a `godwit symbolize` child. */
int gw_pprof_write(const char *name, int fd, int debug);

/* Serves /debug/pprof/ and /metrics over HTTP from a thread of its own, so that it answers whatever the goroutines do.
 * address: "HOST:PORT", ":PORT" (the loopback interface), "PORT"; port 0 lets the system choose.  The port, or -1 and
 * errno. */
int gw_pprof_serve(const char *address);

/* Block profile: waits of ns or longer are all counted, shorter ones sampled without bias; 1 counts all, 0 is off. */
void gw_set_block_profile_rate(int64_t ns);
/* Mutex profile: one in n contentions is counted; 0 is off.  Returns the previous n; n < 0 only reads. */
int gw_set_mutex_profile_fraction(int n);
/* CPU profile: hz samples per second of processor time of each thread (100 is usual, 1000 the most); 0 stops it, and
 * what was sampled can be written until it is started again.  0, or -1 and errno. */
int gw_set_cpu_profile_rate(int hz);

#endif
