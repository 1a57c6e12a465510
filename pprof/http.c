/* http.h: the paths, parameters and errors of Go's net/http/pprof, and /metrics. */
#define _GNU_SOURCE
#include "pprof/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/cpu.h"
#include "pprof/write.h"

enum { CPU_SECONDS = 30 /* Go's */, SECONDS_MAX = 3600 /* guess: a mistake beyond that */ };

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX and, in a query, + ; in place. False on a broken escape or a NUL. */
static bool decode(char *s, bool query) {
  char *to = s;
  for (; *s; s++) {
    char c = *s;
    if (c == '%') {
      if (hex(s[1]) < 0 || hex(s[2]) < 0) return false;
      c = (char)(hex(s[1]) << 4 | hex(s[2]));
      s += 2;
      if (c == 0) return false;
    } else if (c == '+' && query) {
      c = ' ';
    }
    *to++ = c;
  }
  *to = 0;
  return true;
}

bool request_parse(char *bytes, size_t n, struct request *r) {
  bytes[n] = 0;
  if (memchr(bytes, 0, n)) return false;
  char *end = strstr(bytes, "\r\n"), *empty = strstr(bytes, "\r\n\r\n");
  if (!end || !empty) return false;
  *end = 0;
  r->body = empty + 4;
  r->method = bytes;
  char *path = strchr(bytes, ' '), *version = path ? strchr(path + 1, ' ') : NULL;
  if (!path || path == bytes || !version || strncmp(version + 1, "HTTP/1.", 7) != 0 || path[1] != '/') return false;
  *path++ = 0;
  *version = 0;
  char *query = strchr(path, '?');
  if (query) *query++ = 0;
  r->path = path;
  r->query = query ? query : version;
  return decode(path, false);
}

const char *request_value(const struct request *r, const char *name, char *room, size_t n) {
  size_t name_n = strlen(name);
  for (const char *at = r->query; *at;) {
    size_t length = strcspn(at, "&");
    if (length > name_n && strncmp(at, name, name_n) == 0 && at[name_n] == '=' && length - name_n - 1 < n) {
      memcpy(room, at + name_n + 1, length - name_n - 1);
      room[length - name_n - 1] = 0;
      return decode(room, true) ? room : NULL;
    }
    at += length + (at[length] == '&');
  }
  return NULL;
}

static const char *status_text(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    default:
      return "Internal Server Error";
  }
}

static void head(struct bytes *out, int status, const char *type, size_t length) {
  bytes_format(out,
               "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nX-Content-Type-Options: nosniff\r\n"
               "Connection: close\r\n",
               status, status_text(status), type, length);
}

void http_error(struct bytes *out, int status, const char *text) {
  head(out, status, "text/plain; charset=utf-8", strlen(text) + 1);
  bytes_format(out, "X-Go-Pprof: 1\r\n\r\n%s\n", text);
}

void http_reply(struct bytes *out, const char *type, const char *name, const struct bytes *body) {
  head(out, 200, type, body->n);
  if (name) bytes_format(out, "Content-Disposition: attachment; filename=\"%s\"\r\n", name);
  bytes_str(out, "\r\n");
  bytes_add(out, body->at, body->n);
}

static const char text_type[] = "text/plain; charset=utf-8", file_type[] = "application/octet-stream";

static int number_of(const struct request *r, const char *name) {
  char room[32];
  const char *value = request_value(r, name, room, sizeof room);
  return value ? atoi(value)
               : 0; /* as Go: what is no number is 0 NOLINT(bugprone-unchecked-string-to-number-conversion) */
}

static void answer_now(const char *name, int debug, struct bytes *out) {
  struct bytes body = {0};
  const char *why = "";
  int r = profile_render(name, debug, &body, &why);
  if (r == 0)
    http_reply(out, debug ? text_type : file_type, debug ? NULL : name, &body);
  else
    http_error(out, 501, why);
  bytes_free(&body);
}

static int64_t seconds_later(double seconds) {
  return prim_now() + (int64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1e9);
}

static void begin_job(const struct source *s, int64_t seconds, struct bytes *out, struct job *job) {
  const char *why = "";
  bool cpu = strcmp(s->kind.name, "cpu") == 0;
  if (cpu && cpu_begin(0) != 0) {
    http_error(out, 500, "Could not enable CPU profiling: no timer or no thread can be had");
    return;
  }
  if (profile_take(&job->first, s, &why) != 0) {
    http_error(out, 501, why);
    profile_free(&job->first);
    if (cpu) cpu_end();
    return;
  }
  job->source = s;
  job->cpu = cpu;
  job->due = seconds_later((double)seconds);
}

static void finish_trace(const struct job *job, struct bytes *out) {
  struct bytes body = {0};
  const char *why = "";
  if (timeline_take(job->since, job->format, &body, &why))
    http_reply(out, file_type, "trace", &body);
  else
    http_error(out, 500, why);
  bytes_free(&body);
}

static void finish_profile(const struct job *job, struct bytes *out) {
  struct profile last;
  const char *why = "";
  char name[64];
  struct bytes body = {0};
  int r = profile_take(&last, job->source, &why);
  if (r == 0) {
    profile_merge(&last, &job->first, -1);
    profile_drop_zeros(&last);
    last.duration_ns = prim_wall_now() - job->first.time_ns;
    if (job->cpu) last.duration_ns = last.duration_ns > 0 ? last.duration_ns : 0;
    profile_finish(&last, 0, &body);
    size_t n = strlen(job->source->kind.name);
    memcpy(name, job->source->kind.name, n + 1);
    if (!job->cpu) memcpy(name + n, "-delta", sizeof "-delta");
    http_reply(out, file_type, job->cpu ? "profile" : name, &body);
  } else {
    http_error(out, 501, why);
  }
  bytes_free(&body);
  profile_free(&last);
}

void job_finish(struct job *job, struct bytes *out) {
  if (job->trace)
    finish_trace(job, out);
  else
    finish_profile(job, out);
  job_drop(job);
}

void job_drop(struct job *job) {
  if (job->trace) inspect_trace_end();
  if (job->source) profile_free(&job->first);
  if (job->source && job->cpu) cpu_end();
  job->source = NULL;
  job->trace = false;
}

static bool whole_number(const char *text, int64_t *out) {
  char *end;
  *out = strtoll(text, &end, 10);
  return end != text && *end == 0;
}

static void answer_cpu(const struct request *r, struct bytes *out, struct job *job) {
  char room[32];
  const char *text = request_value(r, "seconds", room, sizeof room);
  int64_t seconds;
  if (!text || !whole_number(text, &seconds) || seconds <= 0) seconds = CPU_SECONDS; /* Go's rule */
  begin_job(source_find("cpu"), seconds, out, job);
}

/* A second unless told otherwise, and parts of one: Go's rule. */
static void answer_trace(const struct request *r, struct bytes *out, struct job *job) {
  char room[32];
  const char *text = request_value(r, "seconds", room, sizeof room);
  double seconds = text ? strtod(text, NULL) : 0;
  if (!(seconds > 0)) seconds = 1;
  text = request_value(r, "format", room, sizeof room);
  job->format = TIMELINE_GO;
  if (text && !timeline_format_named(text, &job->format)) {
    http_error(out, 400, "invalid value for \"format\" - must be go, chrome or raw");
    return;
  }
  job->trace = true;
  job->since = prim_now();
  job->due = seconds_later(seconds);
  inspect_trace_begin();
}

static void answer_profile(const char *name, const struct request *r, struct bytes *out, struct job *job) {
  char room[64];
  const struct source *s = source_find(name);
  const char *text = request_value(r, "seconds", room, sizeof room);
  int64_t seconds;
  if (!s) {
    http_error(out, 404, "Unknown profile");
  } else if (!text) {
    answer_now(name, number_of(r, "debug"), out);
  } else if (!whole_number(text, &seconds) || seconds <= 0) {
    http_error(out, 400, "invalid value for \"seconds\" - must be a positive integer");
  } else if (number_of(r, "debug") != 0) {
    http_error(out, 400, "seconds and debug params are incompatible");
  } else {
    begin_job(s, seconds, out, job);
  }
}

/* The arguments, with NULs between them as Go has them. */
static void answer_cmdline(struct bytes *out) {
  struct bytes body = {0};
  int fd = prim_open_read("/proc/self/cmdline");
  for (int64_t n = 1; fd >= 0 && n > 0;) {
    n = prim_read(fd, bytes_room(&body, 4096), 4096);
    if (n > 0) body.n += (size_t)n;
  }
  if (fd >= 0) prim_close(fd);
  if (body.n > 0 && body.at[body.n - 1] == 0) body.n--;
  http_reply(out, text_type, NULL, &body);
  bytes_free(&body);
}

/* Addresses, joined by +, to names: "0x4011b6 main". */
static void answer_symbol(const struct request *r, struct bytes *out) {
  struct bytes body = {0};
  struct profile p;
  profile_init(&p, &source_find("goroutine")->kind);
  const char *at = strcmp(r->method, "POST") == 0 ? r->body : r->query;
  while (*at) {
    char *end;
    uintptr_t pc = strtoull(at, &end, 0) + 1;
    int64_t one = 1;
    struct tags none = {0};
    if (end == at) break;
    if (pc > 1) profile_add(&p, &pc, 1, &none, &one);
    at = *end == '+' ? end + 1 : "";
  }
  profile_symbolize(&p);
  bytes_str(&body, "num_symbols: 1\n");
  for (size_t i = 0; i < profile_samples(&p); i++) {
    const struct location *l = profile_location(&p, profile_stack(&p, profile_sample(&p, i))[0]);
    if (!l->lines) continue;
    const struct function *f = profile_function(&p, profile_line(&p, l->line + l->lines - 1)->function);
    bytes_format(&body, "%#zx %s\n", (size_t)l->pc - 1, profile_text(&p, f->name));
  }
  http_reply(out, text_type, NULL, &body);
  bytes_free(&body);
  profile_free(&p);
}

static void answer_page(const char *type, void (*write)(struct bytes *out), struct bytes *out) {
  struct bytes body = {0};
  write(&body);
  http_reply(out, type, NULL, &body);
  bytes_free(&body);
}

static void answer_path(const struct request *r, struct bytes *out, struct job *job) {
  static const char prefix[] = "/debug/pprof/";
  const char *path = r->path;
  if (strcmp(path, "/metrics") == 0) {
    answer_page("text/plain; version=0.0.4; charset=utf-8", metrics_write, out);
  } else if (strcmp(path, "/debug/pprof") == 0) {
    bytes_str(out,
              "HTTP/1.1 301 Moved Permanently\r\nLocation: /debug/pprof/\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  } else if (strncmp(path, prefix, sizeof prefix - 1) != 0) {
    http_error(out, 404, "404 page not found: profiles are at /debug/pprof/, figures at /metrics");
  } else if (path += sizeof prefix - 1, !*path) {
    answer_page("text/html; charset=utf-8", index_write, out);
  } else if (strcmp(path, "profile") == 0) {
    answer_cpu(r, out, job);
  } else if (strcmp(path, "trace") == 0) {
    answer_trace(r, out, job);
  } else if (strcmp(path, "cmdline") == 0) {
    answer_cmdline(out);
  } else if (strcmp(path, "symbol") == 0) {
    answer_symbol(r, out);
  } else {
    answer_profile(path, r, out, job);
  }
}

void http_answer(const struct request *r, struct bytes *out, struct job *job) {
  bool is_head = strcmp(r->method, "HEAD") == 0;
  bool post = strcmp(r->method, "POST") == 0 && strcmp(r->path, "/debug/pprof/symbol") == 0;
  if (strcmp(r->method, "GET") != 0 && !is_head && !post) {
    http_error(out, 405, "only GET, please");
    return;
  }
  answer_path(r, out, job);
  char *end = is_head && out->n ? memmem(out->at, out->n, "\r\n\r\n", 4) : NULL;
  if (end) out->n = (size_t)(end - out->at) + 4;
  if (is_head && job_is_there(job)) { /* nothing to wait for */
    job_drop(job);
    head(out, 200, file_type, 0);
    bytes_str(out, "\r\n");
  }
}
