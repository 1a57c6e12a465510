/* The machinery behind godwit.h's macros; nothing here is for users.
 *
 * - Each macro that needs variables names them by __COUNTER__, so that nested uses shadow nothing.
 * - A channel of T is a pointer to a function that returns T: __typeof__ of a call gives the element type back, and two
 *   such types are compatible wherever they are written.  It is never called.
 * - Assignments on the user's behalf turn the two warnings that gcc 12 gives for what ISO C forbids into errors.
 */
#ifndef GODWIT_MACROS_H
#define GODWIT_MACROS_H
#include <stdbool.h>
#include <stdint.h>

struct gw__chan;
struct gw__chan_of; /* never defined: makes a channel's type unlike that of any function */

#define GW__CAT_(a, b) a##b
#define GW__CAT(a, b) GW__CAT_(a, b)
#define GW__PRAGMA(x) _Pragma(#x)
#define GW__STRICT                                                \
  GW__PRAGMA(GCC diagnostic push)                                 \
  GW__PRAGMA(GCC diagnostic error "-Wincompatible-pointer-types") \
  GW__PRAGMA(GCC diagnostic error "-Wint-conversion")
#define GW__LAX                                         \
  GW__PRAGMA(GCC diagnostic push)                       \
  GW__PRAGMA(GCC diagnostic ignored "-Wint-conversion") \
  GW__PRAGMA(GCC diagnostic ignored "-Wpedantic")
#define GW__POP GW__PRAGMA(GCC diagnostic pop)

/* The runtime keeps no copy of that pointer when it returns: a variable of which only such calls know is the
 * goroutine's own, which the race detector need not look at. */
#if defined(__clang__)
#define GW__NOESCAPE __attribute__((noescape))
#else
#define GW__NOESCAPE
#endif

/* ---- calls handed to the runtime ---- */

/* f(args) for later: f cast to the plain function type, the arguments as machine words.  It lies in the caller's frame;
 * whoever starts a goroutine with it clears it, so that the frame doesn't seem to know the arguments any more. */
struct gw__call {
  void (*f)(void);
  uintptr_t a[6];
};

/* A word from an integer or a pointer; anything else can't be cast and is an error here. */
struct gw__goroutine_arguments_are_integers_or_pointers {
  char unused;
};
extern const struct gw__goroutine_arguments_are_integers_or_pointers gw__no_word;
#define GW__WORD(x)                    \
  ((uintptr_t)_Generic((x),            \
       float: gw__no_word,             \
       double: gw__no_word,            \
       long double: gw__no_word,       \
       __int128: gw__no_word,          \
       unsigned __int128: gw__no_word, \
       default: (x)))

#define GW__PICK7(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define GW__PICK2(_1, _2, name, ...) name
/* The number of arguments after f. */
#define GW__NARGS(...) GW__PICK7(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0, )
#define GW__WORDS0(f)
#define GW__WORDS1(f, a) GW__WORD(a)
#define GW__WORDS2(f, a, b) GW__WORD(a), GW__WORD(b)
#define GW__WORDS3(f, a, b, c) GW__WORD(a), GW__WORD(b), GW__WORD(c)
#define GW__WORDS4(f, a, b, c, d) GW__WORD(a), GW__WORD(b), GW__WORD(c), GW__WORD(d)
#define GW__WORDS5(f, a, b, c, d, e) GW__WORD(a), GW__WORD(b), GW__WORD(c), GW__WORD(d), GW__WORD(e)
#define GW__WORDS6(f, a, b, c, d, e, g) GW__WORD(a), GW__WORD(b), GW__WORD(c), GW__WORD(d), GW__WORD(e), GW__WORD(g)
#define GW__TYPED0(f) (f)()
#define GW__TYPED1(f, a) (f)(a)
#define GW__TYPED2(f, a, b) (f)(a, b)
#define GW__TYPED3(f, a, b, c) (f)(a, b, c)
#define GW__TYPED4(f, a, b, c, d) (f)(a, b, c, d)
#define GW__TYPED5(f, a, b, c, d, e) (f)(a, b, c, d, e)
#define GW__TYPED6(f, a, b, c, d, e, g) (f)(a, b, c, d, e, g)
/* A void pointer converts to any integer or pointer parameter, and is an error for a floating one or a struct. */
#define GW__PTR ((void *)8)
#define GW__WORDY0(f) (f)()
#define GW__WORDY1(f, ...) (f)(GW__PTR)
#define GW__WORDY2(f, ...) (f)(GW__PTR, GW__PTR)
#define GW__WORDY3(f, ...) (f)(GW__PTR, GW__PTR, GW__PTR)
#define GW__WORDY4(f, ...) (f)(GW__PTR, GW__PTR, GW__PTR, GW__PTR)
#define GW__WORDY5(f, ...) (f)(GW__PTR, GW__PTR, GW__PTR, GW__PTR, GW__PTR)
#define GW__WORDY6(f, ...) (f)(GW__PTR, GW__PTR, GW__PTR, GW__PTR, GW__PTR, GW__PTR)
#define GW__FN(f, ...) (f)

/* A variadic f is an error. clang: it is given a calling convention that a variadic function can't have.  gcc: a
 * prototype with transparent unions for parameters is compatible with those of their members, which finds the variadic
 * functions that begin with up to three parameters of the usual types, or of the first argument's own. */
#if defined(__clang__)
#define GW__FIXED(R, f) (void)(__typeof__(*(f)) __attribute__((vectorcall)) *)0
#define GW__FIXED0(R, f) GW__FIXED(R, f)
#define GW__FIXED1(R, f, ...) GW__FIXED(R, f)
#else
typedef union {
  void *v;
  const void *cv;
  char *c;
  const char *cc;
  struct _IO_FILE *file;
  int *ip;
  long l;
  unsigned long ul;
  long long ll;
  unsigned long long ull;
} gw__any8 __attribute__((transparent_union));
typedef union {
  int i;
  unsigned u;
} gw__any4 __attribute__((transparent_union));
#define GW__LIKE(R, f, ...) __builtin_types_compatible_p(__typeof__(*(f)), R(__VA_ARGS__, ...))
#define GW__STARTS_LIKE(R, f, t)                                                      \
  (GW__LIKE(R, f, t) || GW__LIKE(R, f, t, gw__any8) || GW__LIKE(R, f, t, gw__any4) || \
   GW__LIKE(R, f, t, gw__any8, gw__any8) || GW__LIKE(R, f, t, gw__any4, gw__any8) ||  \
   GW__LIKE(R, f, t, gw__any8, gw__any4))
#define GW__FIXED0(R, f) (void)0
#define GW__FIXED1(R, f, a, ...)                                                         \
  _Static_assert(!GW__STARTS_LIKE(R, f, gw__any8) && !GW__STARTS_LIKE(R, f, gw__any4) && \
                     !GW__STARTS_LIKE(R, f, __typeof__(0 ? (a) : (a))),                  \
                 "the function of a goroutine can't be variadic")
#endif
#define GW__FIXED2 GW__FIXED1
#define GW__FIXED3 GW__FIXED1
#define GW__FIXED4 GW__FIXED1
#define GW__FIXED5 GW__FIXED1
#define GW__FIXED6 GW__FIXED1

/* Compile-time checks of f(args): the arguments convert, every parameter is a word, f returns a scalar or nothing. */
#define GW__CHECK_CALL(n, N, ...)                                                                               \
  GW__STRICT typedef __typeof__(GW__CAT(GW__TYPED, n)(__VA_ARGS__)) GW__CAT(gw__r_, N) __attribute__((unused)); \
  GW__POP GW__LAX(void) sizeof(__typeof__(GW__CAT(GW__WORDY, n)(__VA_ARGS__)) *);                               \
  (void)sizeof(__typeof__(!__builtin_choose_expr(__builtin_types_compatible_p(GW__CAT(gw__r_, N), void), 0,     \
                                                 GW__CAT(GW__WORDY, n)(__VA_ARGS__))));                         \
  GW__POP _Static_assert(!__builtin_types_compatible_p(GW__CAT(gw__r_, N), long double),                        \
                         "the function of a goroutine can't return a long double");                             \
  GW__CAT(GW__FIXED, n)(GW__CAT(gw__r_, N), __VA_ARGS__)
#define GW__CALL_RECORD(n, N, ...)   \
  GW__CHECK_CALL(n, N, __VA_ARGS__); \
  struct gw__call GW__CAT(gw__call_, N) = {(void (*)(void))GW__FN(__VA_ARGS__, ), {GW__CAT(GW__WORDS, n)(__VA_ARGS__)}}

/* callee(&call) and callee(first, &call) for f(args). */
#define GW__WITH_CALL0(callee, ...) GW__WITH_CALL0_(callee, GW__NARGS(__VA_ARGS__), __COUNTER__, __VA_ARGS__)
#define GW__WITH_CALL0_(callee, n, N, ...) \
  __extension__({                          \
    GW__CALL_RECORD(n, N, __VA_ARGS__);    \
    callee(&GW__CAT(gw__call_, N));        \
  })
#define GW__WITH_CALL1(callee, first, ...) \
  GW__WITH_CALL1_(callee, first, GW__NARGS(__VA_ARGS__), __COUNTER__, __VA_ARGS__)
#define GW__WITH_CALL1_(callee, first, n, N, ...) \
  __extension__({                                 \
    GW__CALL_RECORD(n, N, __VA_ARGS__);           \
    callee((first), &GW__CAT(gw__call_, N));      \
  })

/* ---- channels ---- */

struct gw__chan *gw__chan_make(size_t elem_size, int64_t cap);
void gw__chan_send(struct gw__chan *c, GW__NOESCAPE const void *elem);
bool gw__chan_try_send(struct gw__chan *c, GW__NOESCAPE const void *elem);
/* For a value that goes on into an expression: the destination is a temporary, no access of the user's. */
void gw__chan_recv_temp(struct gw__chan *c, GW__NOESCAPE void *elem);
bool gw__chan_recv(struct gw__chan *c, GW__NOESCAPE void *elem);
/* The compiler pass calls it in place of gw__chan_recv where no other goroutine can know the destination. */
bool gw__chan_recv_own(struct gw__chan *c, GW__NOESCAPE void *elem);
bool gw__chan_try_recv(struct gw__chan *c, GW__NOESCAPE void *elem);
bool gw__chan_try_recv_ok(struct gw__chan *c, GW__NOESCAPE void *elem, GW__NOESCAPE bool *ok);
void gw__chan_close(struct gw__chan *c);
int gw__chan_len(const struct gw__chan *c);
int gw__chan_cap(const struct gw__chan *c);
void gw__chan_free(struct gw__chan *c);

#define GW__CHAN_PTR(c) ((struct gw__chan *)((uintptr_t)(c) + 0 * sizeof(__typeof__((c)(0)) *)))
#define GW__ELEM(chan_variable) __typeof__(chan_variable(0))

#define GW__SEND(callee, N, c, ...) GW__SEND_(callee, N, c, __VA_ARGS__)
#define GW__SEND_(callee, N, c, ...)                                                       \
  __extension__({                                                                          \
    __auto_type GW__CAT(gw__c_, N) = (c);                                                  \
    GW__STRICT const GW__ELEM(GW__CAT(gw__c_, N)) GW__CAT(gw__v_, N) = (__VA_ARGS__);      \
    GW__POP callee((struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), &GW__CAT(gw__v_, N)); \
  })

#define GW__RECV(N, c) GW__RECV_(N, c)
/* Read as volatile, so that clang has no word on a value that nobody uses. */
#define GW__RECV_(N, c)                                                                        \
  __extension__({                                                                              \
    __auto_type GW__CAT(gw__c_, N) = (c);                                                      \
    GW__ELEM(GW__CAT(gw__c_, N)) GW__CAT(gw__v_, N);                                           \
    volatile GW__ELEM(GW__CAT(gw__c_, N)) * GW__CAT(gw__p_, N) = &GW__CAT(gw__v_, N);          \
    gw__chan_recv_temp((struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), &GW__CAT(gw__v_, N)); \
    *GW__CAT(gw__p_, N);                                                                       \
  })

#define GW__RECV_INTO(callee, N, c, p) GW__RECV_INTO_(callee, N, c, p)
#define GW__RECV_INTO_(callee, N, c, p)                                                   \
  __extension__({                                                                         \
    __auto_type GW__CAT(gw__c_, N) = (c);                                                 \
    GW__STRICT GW__ELEM(GW__CAT(gw__c_, N)) * GW__CAT(gw__p_, N) = (p);                   \
    GW__POP callee((struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), GW__CAT(gw__p_, N)); \
  })

#define GW__TRY_RECV_OK(N, c, p, ok) GW__TRY_RECV_OK_(N, c, p, ok)
#define GW__TRY_RECV_OK_(N, c, p, ok)                                                                  \
  __extension__({                                                                                      \
    __auto_type GW__CAT(gw__c_, N) = (c);                                                              \
    GW__STRICT GW__ELEM(GW__CAT(gw__c_, N)) * GW__CAT(gw__p_, N) = (p);                                \
    bool *GW__CAT(gw__k_, N) = (ok);                                                                   \
    GW__POP gw__chan_try_recv_ok((struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), GW__CAT(gw__p_, N), \
                                 GW__CAT(gw__k_, N));                                                  \
  })

/* The outer two loops run once; a `break` in the body ends the innermost, and then their steps end them. */
#define GW__RANGE(N, v, c) GW__RANGE_(N, v, c)
#define GW__RANGE_(N, v, c)                                                                      \
  for (int GW__CAT(gw__once_, N) = 1; GW__CAT(gw__once_, N); GW__CAT(gw__once_, N) = 0)          \
    for (__auto_type GW__CAT(gw__c_, N) = (c); GW__CAT(gw__once_, N); GW__CAT(gw__once_, N) = 0) \
      for (GW__ELEM(GW__CAT(gw__c_, N)) v; gw__chan_recv((struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), &v);)

/* ---- select ----
 * The block runs twice: the first pass evaluates and registers each case and runs no body; then the select waits; the
 * second pass runs the body of the case that was taken.  Cases refer to the innermost select by the name gw__sel, which
 * is the only one that may hide another: that warning is off for its declaration. */

enum gw__case_kind { GW__CASE_KIND_RECV, GW__CASE_KIND_SEND, GW__CASE_KIND_AFTER, GW__CASE_KIND_DEFAULT };

enum { GW__SELECT_CASES = 6, GW__SELECT_BYTES = 96 }; /* kept in the frame; more goes to memory of the runtime */
struct gw__select_case {
  int kind;
  uint32_t at;   /* offset of the element in the buffer of elements */
  uint32_t size; /* of the element */
  bool ok;       /* a value was received */
  struct gw__chan *chan;
  int64_t ns;
};
struct gw__select {
  void *more;                    /* memory of the runtime's; NULL: none */
  int pass;                      /* 0 before, 1 registering, 2 looking for the case taken, 3 done */
  int n, cap;                    /* cases registered; room for them */
  int at;                        /* second pass: number of the case that comes next */
  int taken;                     /* index of the case taken */
  uint32_t used, room;           /* bytes of elements */
  struct gw__select_case *cases; /* inline_cases, or from the runtime */
  char *elems;                   /* inline_elems, or from the runtime */
  uintptr_t pc, fp;              /* where it stands, for the detector */
  struct gw__select_case inline_cases[GW__SELECT_CASES];
  _Alignas(16) char inline_elems[GW__SELECT_BYTES];
};
void gw__select_begin(GW__NOESCAPE struct gw__select *s);
/* The next pass; false after the second. Waits before the second. */
bool gw__select_pass(GW__NOESCAPE struct gw__select *s);
/* Register a case; false, so that its body is not run. */
bool gw__select_add_recv(GW__NOESCAPE struct gw__select *s, struct gw__chan *c, size_t size);
bool gw__select_add_send(GW__NOESCAPE struct gw__select *s, struct gw__chan *c, GW__NOESCAPE const void *elem,
                         size_t size);
bool gw__select_add_after(GW__NOESCAPE struct gw__select *s, int64_t ns);
bool gw__select_add_default(GW__NOESCAPE struct gw__select *s);
/* Copies the received value, NULL to drop it, and finishes the select before the body runs; true. */
bool gw__select_take(GW__NOESCAPE struct gw__select *s, GW__NOESCAPE void *elem, GW__NOESCAPE bool *ok);
bool gw__select_take_own(GW__NOESCAPE struct gw__select *s, GW__NOESCAPE void *elem, GW__NOESCAPE bool *ok);
/* Second pass: this case was taken. */
static inline bool gw__select_mine(struct gw__select *s) { return s->pass == 2 && s->at++ == s->taken; }

#define GW__SELECT(N) GW__SELECT_(N)
#define GW__SELECT_(N)                                                                                                \
  GW__PRAGMA(GCC diagnostic push)                                                                                     \
  GW__PRAGMA(GCC diagnostic ignored "-Wshadow")                                                                       \
  for (struct gw__select GW__CAT(gw__s_, N), *gw__sel = (gw__select_begin(&GW__CAT(gw__s_, N)), &GW__CAT(gw__s_, N)); \
       __extension__({ GW__POP gw__select_pass(gw__sel); });)

/* One case: `add` registers it.  `take` declares what the body sees, and runs it at most once. */
#define GW__CASE(N, add)                                                                                    \
  for (bool GW__CAT(gw__k_, N) = gw__sel->pass == 1 ? (add) : gw__select_mine(gw__sel); GW__CAT(gw__k_, N); \
       GW__CAT(gw__k_, N) = false)
#define GW__TAKE(N, decl, v, ok) \
  for (decl; GW__CAT(gw__k_, N) && gw__select_take(gw__sel, v, ok); GW__CAT(gw__k_, N) = false)
#define GW__ADD_RECV(c) gw__select_add_recv(gw__sel, (struct gw__chan *)(uintptr_t)(c), sizeof(__typeof__((c)(0))))

#define GW__ON_RECV1(N, c) GW__ON_RECV1_(N, c)
#define GW__ON_RECV1_(N, c) GW__CASE(N, GW__ADD_RECV(c)) GW__TAKE(N, , NULL, NULL)
#define GW__ON_RECV2(N, c, v) GW__ON_RECV2_(N, c, v)
#define GW__ON_RECV2_(N, c, v) GW__CASE(N, GW__ADD_RECV(c)) GW__TAKE(N, __typeof__((c)(0)) v, &v, NULL)
#define GW__ON_RECV_OK(N, c, v, ok) GW__ON_RECV_OK_(N, c, v, ok)
#define GW__ON_RECV_OK_(N, c, v, ok) \
  GW__CASE(N, GW__ADD_RECV(c))       \
  for (__typeof__((c)(0)) v; GW__CAT(gw__k_, N); GW__CAT(gw__k_, N) = false) GW__TAKE(N, bool ok, &v, &ok)
#define GW__ON_SEND(N, c, ...) GW__ON_SEND_(N, c, __VA_ARGS__)
#define GW__ON_SEND_(N, c, ...)                                                                     \
  GW__CASE(N, __extension__({                                                                       \
             __auto_type GW__CAT(gw__c_, N) = (c);                                                  \
             GW__STRICT const GW__ELEM(GW__CAT(gw__c_, N)) GW__CAT(gw__v_, N) = (__VA_ARGS__);      \
             GW__POP gw__select_add_send(gw__sel, (struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), \
                                         &GW__CAT(gw__v_, N), sizeof GW__CAT(gw__v_, N));           \
           }))                                                                                      \
  GW__TAKE(N, , NULL, NULL)
#define GW__ON_AFTER(N, ns) GW__ON_AFTER_(N, ns)
#define GW__ON_AFTER_(N, ns) GW__CASE(N, gw__select_add_after(gw__sel, ns)) GW__TAKE(N, , NULL, NULL)
#define GW__ON_DEFAULT(N) GW__ON_DEFAULT_(N)
#define GW__ON_DEFAULT_(N) GW__CASE(N, gw__select_add_default(gw__sel)) GW__TAKE(N, , NULL, NULL)

#define GW__CASE_OF(kind, q, N, c, p) GW__CASE_OF_(kind, q, N, c, p)
#define GW__CASE_OF_(kind, q, N, c, p)                                             \
  __extension__({                                                                  \
    __auto_type GW__CAT(gw__c_, N) = (c);                                          \
    GW__STRICT q GW__ELEM(GW__CAT(gw__c_, N)) * GW__CAT(gw__p_, N) = (p);          \
    GW__POP(gw_case){.gw__kind = (kind),                                           \
                     .gw__chan = (struct gw__chan *)(uintptr_t)GW__CAT(gw__c_, N), \
                     .gw__elem = (void *)(uintptr_t)GW__CAT(gw__p_, N)};           \
  })
#define GW__CASE_RECV(N, c, p) GW__CASE_OF(GW__CASE_KIND_RECV, , N, c, p)
#define GW__CASE_SEND(N, c, p) GW__CASE_OF(GW__CASE_KIND_SEND, const, N, c, p)
#define GW__SELECT_OF(N, ...) GW__SELECT_OF_(N, __VA_ARGS__)
#define GW__SELECT_OF_(N, ...)                                                               \
  __extension__({                                                                            \
    gw_case GW__CAT(gw__a_, N)[] = {__VA_ARGS__};                                            \
    gw_select_cases(GW__CAT(gw__a_, N), (int)(sizeof GW__CAT(gw__a_, N) / sizeof(gw_case))); \
  })

/* ---- the rest ---- */

/* 0 for a gw_mutex *, 1 for a gw_rwmutex *; an error for anything else. */
#define GW__IS_RW(mu) _Generic((mu), gw_mutex *: 0, gw_rwmutex *: 1)

struct gw__defer {
  void (*f)(void *);
  void *arg;
  struct gw__defer *outer; /* the goroutine's deferred call before this one */
};
void gw__defer_begin(struct gw__defer *d);
/* Runs it, unless a panic did. */
void gw__defer_end(struct gw__defer *d);
#define GW__DEFER(N, f, arg) GW__DEFER_(N, f, arg)
#define GW__DEFER_(N, f, arg)                                                                \
  GW__STRICT struct gw__defer GW__CAT(gw__d_, N) __attribute__((cleanup(gw__defer_end))) = { \
      (void (*)(void *))(void (*)(void))(f), (void *)(uintptr_t)(1 ? (arg) : (void *)0),     \
      (struct gw__defer *)(0 * sizeof(__typeof__((f)(arg)) *))};                             \
  GW__POP gw__defer_begin(&GW__CAT(gw__d_, N))

#endif
