/* One HTTP request and its answer, apart from sockets: serve.c moves the bytes. */
#ifndef GW_PPROF_HTTP_H
#define GW_PPROF_HTTP_H
#include <stdbool.h>
#include <stddef.h>

#include "pprof/kinds.h"
#include "pprof/timeline.h"

/* What is asked for, taken apart; strings point into the request's own bytes. */
struct request {
  const char *method, *path; /* path decoded, without the query */
  char *query;               /* "" without one */
  const char *body;          /* what came behind the head, for POST */
};

/* An answer that needs time: a profile over some seconds. */
struct job {
  const struct source *source; /* of a profile; NULL: no profile is asked for */
  int64_t due;                 /* monotonic: when to take the second profile */
  struct profile first;        /* what was there before */
  bool cpu;                    /* the CPU profile is on for this job */
  bool trace;                  /* a timeline, instead of a source: */
  int64_t since;               /* from this moment on (monotonic) */
  enum timeline_format format;
};
static inline bool job_is_there(const struct job *j) { return j->source || j->trace; }

/* Reads a head that is complete (it ends with an empty line); changes the bytes. False: not HTTP. */
bool request_parse(char *bytes, size_t n, struct request *r);
/* The value of a parameter, decoded, or NULL. `room` for it. */
const char *request_value(const struct request *r, const char *name, char *room, size_t n);

/* Writes the whole answer, head and all, or begins a job, whose answer comes from job_finish. */
void http_answer(const struct request *r, struct bytes *out, struct job *job);
void job_finish(struct job *job, struct bytes *out);
/* Nobody waits for it any more. */
void job_drop(struct job *job);
/* Head and text of an error, as net/http/pprof's. */
void http_error(struct bytes *out, int status, const char *text);
/* A whole answer; `name`: of the file to save it as, NULL for none. */
void http_reply(struct bytes *out, const char *type, const char *name, const struct bytes *body);

/* The pages. */
void metrics_write(struct bytes *out);
void index_write(struct bytes *out);
/* Counts latencies from now on. */
void metrics_start(void);

/* The service that GODWIT asks for. */
void serve_start(void);

#endif
