/* One finding, decoded from its JSON (report_format.h): what the renderers read.
 *
 * Strings belong to the JSON object, which the finding keeps; arrays belong to the finding. */
#ifndef GW_CLI_FINDING_H
#define GW_CLI_FINDING_H
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
  const char *function, *file, *module; /* NULL if unknown */
  int line, column;                     /* 0 if unknown */
  uint64_t offset;                      /* in the module */
  bool inlined;                         /* into the next frame */
  bool approximate;                     /* line is where the function begins */
};
struct stack {
  struct frame *v; /* innermost first */
  size_t n;        /* frames in it */
};

struct actor {
  bool known;       /* false: the record doesn't say who */
  int64_t id;       /* goroutine number */
  const char *name; /* NULL without one */
  bool thread;      /* a pthread, not a goroutine */
  bool main;        /* the first of the process */
};

struct lock {
  const char *address; /* "0x..." */
  const char *name;    /* NULL if unknown */
  bool write;          /* false: held as a reader */
  struct stack stack;  /* where it was locked */
};

struct access {
  const char *op;          /* "read", "write", ... */
  const char *reason;      /* of a wait: "chan receive"; NULL else */
  int64_t waited_ns;       /* of a wait: for how long, to some milliseconds; 0 if unknown */
  int64_t size;            /* bytes */
  const char *address;     /* "0x..."; NULL if the finding has none */
  struct actor actor;      /* who */
  struct lock *locks;      /* held at the time */
  size_t lock_count;       /* in `locks` */
  struct lock wanted;      /* of a lock-order inversion: what is about to be taken; address is NULL else */
  struct stack stack;      /* where */
  struct stack created_at; /* where `actor` was created; empty for the first */
  struct actor created_by; /* and by whom */
};

struct memory {
  const char *kind;     /* "heap", "freed heap", "global", "stack", "thread-local", "unknown" */
  int64_t size, offset; /* of the heap block; the access in it */
  const char *module;   /* of a global */
  const char *name;     /* of a global: the variable; NULL if unknown */
  const char *file;     /* where that is declared; NULL if unknown */
  int line;             /* 0 if unknown */
  struct actor actor;   /* who allocated it, or whose stack it is */
  struct stack stack;   /* where it was allocated */
  struct stack frame;   /* of a stack variable: the function's frame, one at most */
};

struct finding {
  json_object *json;       /* the record itself */
  const char *kind;        /* "GW1001" */
  const char *title;       /* from findings.inc; "finding" for a kind that isn't known */
  const char *message;     /* NULL if none */
  const char *text;        /* NULL if none */
  const char *program;     /* NULL if unknown */
  const char *fingerprint; /* 16 hex digits */
  json_object *also_at;    /* strings: other places of findings folded into this one; NULL if none */
  const char *schedule;    /* what `godwit replay` takes; NULL if none */
  int64_t pid, count;      /* count is at least 1 */
  const char *variable;    /* NULL if not named */
  struct access *accesses; /* the later one first */
  size_t access_count;     /* in `accesses` */
  struct memory memory;    /* kind is NULL if the record has none */
};

/* A circle of locks: each access holds locks[0] and wants what the next one holds. */
bool finding_is_inversion(const struct finding *f);
/* Two accesses without an order between them: a data race, or a use of freed memory that races with the free. */
bool finding_is_race(const struct finding *f);
/* Decodes a record; NULL and one line in *why (static) if it isn't a finding.  Takes over `json` when it succeeds. */
struct finding *finding_decode(json_object *json, const char **why);
void finding_free(struct finding *f);

/* Parses one line of a log.  NULL and one line in *why (static) if it's damaged. */
json_object *finding_parse(const char *line, size_t n, const char **why);

/* Where it happened, for whoever reads one place only: the innermost frame of the first access; NULL if there is none.
 */
const struct frame *finding_place(const struct finding *f);
const char *kind_title(const char *kind);

#endif
