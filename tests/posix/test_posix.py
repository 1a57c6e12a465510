"""POSIX threads, C11 threads, the heap and libc: what the comments in tests/posix/programs say, and nothing else."""

import os

import pytest

import godwit_testing as gt

PROGRAMS = sorted((gt.REPO / "tests" / "posix" / "programs").glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2", "-O3")


# So that each call is one: the compiler knows what many of them do.  In static programs getaddrinfo and its like are warned of.
CALLS = {"names_norace": ("-Wl,--no-warnings",), "names_race": ("-Wl,--no-warnings",),
         "strings_race": ("-fno-builtin",), "system_race": ("-fno-builtin",), "texts_race": ("-fno-builtin",),
         "wide_norace": ("-fno-builtin",), "wide_race": ("-fno-builtin",),
         "stores_norace": ("-lm",), "stores_race": ("-lm", "-Wl,--no-warnings")}


def ids(path):
    return path.stem


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", PROGRAMS, ids=ids)
def test_verdict(source, level, programs, runs, full, tmp_path):
    if level == "-O3" and not full:
        pytest.skip("in the long run")
    program = programs(source, level, *CALLS.get(source.stem, ()))
    for _ in range(max(2, runs // 10)):
        gt.check(source, gt.run_race(program, folder=tmp_path))


# The C library's modules for groups that aren't in a file crash in static programs, whoever built them; so do wide
# streams of glibc 2.41.  A static program's libc calls malloc before the detector begins.
BROKEN_STATIC = {"names_race", "own_malloc_norace"} | ({"wide_race"} if os.confstr("CS_GNU_LIBC_VERSION") == "glibc 2.41" else set())


@pytest.mark.parametrize("source", [p for p in PROGRAMS if p.stem not in BROKEN_STATIC], ids=ids)
def test_verdict_in_a_static_program(source, programs, tmp_path):
    program = programs(source, "-O1", "-static", *CALLS.get(source.stem, ()))
    gt.check(source, gt.run_race(program, folder=tmp_path))


def test_calls_that_the_compiler_leaves(programs, tmp_path):
    source = next(p for p in PROGRAMS if p.stem == "strings_norace")
    gt.check(source, gt.run_race(programs(source, "-O1", "-fno-builtin"), folder=tmp_path))


TOO_LITTLE_ROOM = ("__wcscpy_chk(out, L\"abc\", 3)", "__wcpcpy_chk(out, L\"abc\", 3)", "__wcscat_chk(out, L\"abc\", 3)",
                   "__wcsncpy_chk(out, L\"abc\", 4, 3)", "__wcpncpy_chk(out, L\"abc\", 4, 3)",
                   "__wcsncat_chk(out, L\"abc\", 3, 3)", "__wmemcpy_chk(out, L\"abc\", 4, 3)",
                   "__wmemmove_chk(out, L\"abc\", 4, 3)", "__wmempcpy_chk(out, L\"abc\", 4, 3)",
                   "__wmemset_chk(out, L'x', 4, 3)", "__swprintf_chk(out, 4, 1, 3, L\"a\")",
                   "__mbstowcs_chk(out, \"abc\", 4, 3)", "__wcstombs_chk(bytes, L\"abc\", 4, 3)",
                   "__mbsrtowcs_chk(out, &place, 4, &state, 3)", "__wcsrtombs_chk(bytes, &wide_place, 4, &state, 3)",
                   "__mbsnrtowcs_chk(out, &place, 2, 4, &state, 3)", "__wcsnrtombs_chk(bytes, &wide_place, 2, 4, &state, 3)",
                   "__wctomb_chk(bytes, L'x', 0)", "__wcrtomb_chk(bytes, L'x', &state, 0)", "__fgetws_chk(out, 3, 4, zero)",
                   "__pread64_chk(0, bytes, 4, 0, 3)", "__recvfrom_chk(0, bytes, 4, 3, 0, NULL, NULL)",
                   "__readlinkat_chk(AT_FDCWD, \"/\", bytes, 4, 3)", "__ppoll_chk(&ready, 1, NULL, NULL, 4)",
                   "__getgroups_chk(1, (gid_t *)(void *)out, 3)", "__explicit_bzero_chk(bytes, 4, 3)")


def test_too_little_room_ends_the_program(tmp_path):
    """What _FORTIFY_SOURCE is for."""
    cases = "".join(f"    case {i}: (void){call}; break;\n" for i, call in enumerate(TOO_LITTLE_ROOM))
    source = tmp_path / "room.c"
    source.write_text("".join(f'#include "{gt.REPO}/tests/posix/programs/{h}.h"\n' for h in ("fortified", "wide")) +
                      f'static struct pollfd ready;\nint main(int argc, char **argv) {{\n'
                      f'  (void)argc, fresh("abc"), zero = fopen("/dev/zero", "r"), out[0] = 0;\n'
                      f"  switch (atoi(argv[1])) {{\n{cases}  }}\n}}\n")
    program = gt.compile_c([source], tmp_path / "room", "-O1", "-fno-builtin")
    for i, call in enumerate(TOO_LITTLE_ROOM):
        run = gt.run_race(program, str(i), folder=tmp_path)
        assert run.status == -6 and "buffer overflow" in run.result.stderr, f"{call}: {run.result}"


OWN = r"""
int printf(const char *format, ...);
double wait(const char *what, double times) { return printf("waits for %s\n", what) * times; }
long select(const char *s) { return s[0]; }
int poll(void) { return 7; }
int connect(double to, double from) { return to > from; }
int dup2(const char *s) { return s[1]; }
double recv(double x) { return x * 2; }
char *getline(char *s, int room) { return s + room; }
void open(void) {}
"""
CALLS_OWN = r"""
double wait(const char *what, double times);
long select(const char *s);
int poll(void);
int connect(double to, double from);
int dup2(const char *s);
double recv(double x);
char *getline(char *s, int room);
void open(void);
int main(void) {
  char text[] = "ab";
  open();
  if (dup2(text) != 'b' || recv(2) != 4 || getline(text, 1) != text + 1) return 1;
  return wait("you", 0.5) == 7 && select("a") == 'a' && poll() == 7 && connect(2, 1) ? 0 : 1;
}
"""


def test_functions_of_the_programs_own_with_names_of_libc(tmp_path):
    """In another file, so that only the prototype tells them from libc's."""
    own, calls = tmp_path / "own.c", tmp_path / "calls.c"
    own.write_text(OWN)
    calls.write_text(CALLS_OWN)
    run = gt.run_race(gt.compile_c([own, calls], tmp_path / "own", "-O1"), folder=tmp_path)
    assert (run.status, run.findings, run.result.stdout) == (0, [], "waits for you\n"), run.result


OWN_THREADS = r"""
#include <pthread.h>
#include <stdlib.h>
struct start { int (*f)(void *); void *arg; };
static void *run(void *p) {
  struct start s = *(struct start *)p;
  free(p);
  return (void *)(long)s.f(s.arg);
}
int thrd_create(pthread_t *t, int (*f)(void *), void *arg) {
  struct start *s = malloc(sizeof *s);
  *s = (struct start){f, arg};
  return pthread_create(t, NULL, run, s) == 0 ? 1 : 0;
}
int thrd_join(pthread_t t, int *result) {
  void *r;
  int ok = pthread_join(t, &r) == 0;
  *result = (int)(long)r;
  return ok;
}
int mtx_lock(pthread_mutex_t *m) { return pthread_mutex_lock(m) == 0; }
int mtx_unlock(pthread_mutex_t *m) { return pthread_mutex_unlock(m) == 0; }
"""
CALLS_OWN_THREADS = r"""
#include <pthread.h>
enum { success = 1 };
int thrd_create(pthread_t *t, int (*f)(void *), void *arg);
int thrd_join(pthread_t t, int *result);
int mtx_lock(pthread_mutex_t *m);
int mtx_unlock(pthread_mutex_t *m);
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long x, beside;
static int add(void *arg) {
  if (mtx_lock(&m) != success) return 0;
  x++;
  if (mtx_unlock(&m) != success) return 0;
  if (arg) beside++;
  return 7;
}
int main(int argc, char **argv) {
  pthread_t t;
  int result;
  (void)argv;
  void *races = argc > 1 ? &m : NULL;
  if (thrd_create(&t, add, races) != success || add(races) != 7 || thrd_join(t, &result) != success) return 1;
  return result == 7 && x == 2 ? 0 : 2;
}
"""


@pytest.mark.parametrize("flags", ((), ("-static",), ("-fPIC",), ("-flto",)), ids=("dynamic", "static", "PIC", "lto"))
def test_c11_threads_of_the_programs_own(flags, tmp_path):
    """They have the names and the prototypes of libc's, and results of their own."""
    own, calls = tmp_path / "own.c", tmp_path / "calls.c"
    own.write_text(OWN_THREADS)
    calls.write_text(CALLS_OWN_THREADS)
    program = gt.compile_c([own, calls], tmp_path / "own", "-O1", *flags)
    run = gt.run_race(program, folder=tmp_path)
    assert (run.status, run.findings) == (0, []), run.result
    run = gt.run_race(program, "race", folder=tmp_path)
    assert run.status == 66 and len(run.findings) == 1, run.result


FIRST_ENDED = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static long variable;
static void *add(void *p) { variable++; return p; }
static void *others(void *p) {
  pthread_t t, first = *(pthread_t *)p;
  pthread_join(first, NULL);
  for (char state = 0; state != 'Z';) { /* the whole of the thread, for the system as well */
    FILE *f = fopen("/proc/self/stat", "r");
    if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
    if (!f) break;
    fclose(f);
  }
  pthread_create(&t, NULL, add, NULL);
  add(NULL);
  pthread_join(t, NULL);
  exit(5);
}
int main(void) {
  static pthread_t me, t;
  me = pthread_self();
  pthread_create(&t, NULL, others, &me);
  pthread_exit(NULL);
}
"""


def test_names_after_the_first_thread_has_ended(programs, tmp_path):
    """The system then shows nothing of the process in /proc/self."""
    run = gt.run_race(programs(FIRST_ENDED, "-O1"), folder=tmp_path)
    assert run.status == 66 and len(run.findings) == 1, run.result
    assert run.findings[0]["variable"]["name"] == "variable", run.findings
    assert {f["accesses"][0]["stack"][0]["function"] for f in run.findings} == {"add"}, run.findings


LOADED = r"""
static long from_constructor, later;
__attribute__((constructor)) static void construct(void) { from_constructor = 7; }
long get(void);
long get(void) { return from_constructor; }
void change(void);
void change(void) { later++; }
"""
LOADS = r"""
#include <dlfcn.h>
#include <stdio.h>
#include "pairs.h"
static char **arguments;
static void load_and_use(void) {
  void *library = dlopen(arguments[1], RTLD_NOW);
  MUST(library);
  MUST(((long (*)(void))dlsym(library, "get"))() == 7);
  if (arguments[2]) ((void (*)(void))dlsym(library, "change"))();
}
static void first(void) { IN_TURN(1, load_and_use()); }
static void then(void) { IN_TURN(2, load_and_use()); }
int main(int n, char **args) {
  (void)n;
  arguments = args;
  both(first, then);
}
"""


def test_what_constructors_did_comes_before_all_who_load_the_library(tmp_path):
    """Whoever loads it first; what its functions do later is ordered by nothing."""
    source, main = tmp_path / "loaded.c", tmp_path / "loads.c"
    source.write_text(LOADED)
    main.write_text(LOADS.replace("pairs.h", str(gt.REPO / "tests" / "posix" / "programs" / "pairs.h")))
    library = gt.compile_c(source, tmp_path / "loaded.so", "-O1", "-fPIC", "-shared")
    program = gt.compile_c(main, tmp_path / "loads", "-O1")
    run = gt.run_race(program, library, folder=tmp_path)
    assert (run.status, run.findings) == (0, []), run.result
    run = gt.run_race(program, library, "change", folder=tmp_path)
    assert run.status == 66 and [f["variable"]["name"] for f in run.findings] == ["later"], run.result


# --- processes -----------------------------------------------------------------------------------------------------

FORK = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static long before, after;
static void *add(void *p) { ++*(volatile long *)p; return NULL; }
static void race(long *on) {
  pthread_t t;
  pthread_create(&t, NULL, add, on);
  add(on);
  pthread_join(t, NULL);
}
/* argv: where to race (p: parent before, c: child), how the child ends, how the parent ends */
int main(int argc, char **argv) {
  (void)argc;
  if (argv[1][0] == 'p') race(&before);
  pid_t pid = argv[2][0] == 'v' ? vfork() : fork();
  if (pid == 0) {
    if (argv[1][0] == 'c') race(&after);
    if (argv[2][0] == 'e') exit(3);
    if (argv[2][0] == 'Q') quick_exit(3);
    if (argv[2][0] == 'q') _Exit(3);
    _exit(3);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("child %d\n", WEXITSTATUS(status));
  fflush(stdout);
  if (argv[3][0] == 'u') _exit(5);
  return 5;
}
"""


@pytest.mark.parametrize("static", ((), ("-static",)), ids=("dynamic", "static"))
@pytest.mark.parametrize("parent_ends", ("return", "u"))
@pytest.mark.parametrize("child_ends", ("exit", "_exit", "q_Exit", "Quick_exit", "vfork"))
@pytest.mark.parametrize("who, child, parent", (("p", 3, 66), ("c", 66, 5), ("n", 3, 5)))
def test_a_child_counts_its_own_findings(who, child, parent, child_ends, parent_ends, static, programs, tmp_path):
    run = gt.run_race(programs(FORK, "-O1", *static), who, child_ends, parent_ends, folder=tmp_path)
    assert (run.status, run.result.stdout) == (parent, f"child {child}\n"), run.result
    assert len(run.findings) == (who != "n")
    logs = [p for p in tmp_path.glob("race.*") if p.stat().st_size]
    assert len(logs) == (who != "n")


# --- code that isn't instrumented -----------------------------------------------------------------------------------

LIBRARY = r"""
#include <pthread.h>
#include <stdlib.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
void lib_lock(void) { pthread_mutex_lock(&m); }
void lib_unlock(void) { pthread_mutex_unlock(&m); }
pthread_t lib_start(void *(*f)(void *), void *arg) {
  pthread_t t;
  if (pthread_create(&t, NULL, f, arg)) abort();
  return t;
}
void lib_join(pthread_t t) { pthread_join(t, NULL); }
void *lib_new(size_t n) { return calloc(1, n); }
void lib_delete(void *p) { free(p); }
"""

LIBRARY_USER = r"""
#include <pthread.h>
#include <stdlib.h>
void lib_lock(void), lib_unlock(void), lib_join(pthread_t t), *lib_new(size_t n), lib_delete(void *p);
pthread_t lib_start(void *(*f)(void *), void *arg);
static long x, y;
static void *work(void *arg) {
  for (int i = 0; i < 1000; i++) {
    lib_lock();
    x++;
    lib_unlock();
    long *p = lib_new(40);
    p[0] = p[4] = i;
    if (i % 2) lib_delete(p); else free(p);
    p = malloc(40);
    p[0] = p[4] = i;
    if (i % 2) lib_delete(p); else free(p);
  }
  if (arg) ++*(volatile long *)arg;
  return NULL;
}
int main(int argc, char **argv) {
  (void)argv;
  x++;
  pthread_t a = lib_start(work, argc > 1 ? &y : NULL), b = lib_start(work, argc > 1 ? &y : NULL);
  lib_join(a);
  lib_join(b);
  return x != 2001;
}
"""


@pytest.mark.parametrize("how", ("shared", "object", "static"))
def test_code_that_isnt_instrumented_is_seen(how, build, tmp_path):
    """Its locks, threads and blocks count, in whatever way it is linked."""
    (tmp_path / "lib.c").write_text(LIBRARY)
    (tmp_path / "user.c").write_text(LIBRARY_USER)
    flags = ["-shared"] if how == "shared" else ["-c"]
    lib = tmp_path / ("liblib.so" if how == "shared" else "lib.o")
    r = gt.run("clang-19", "-O2", "-fPIC", *flags, tmp_path / "lib.c", "-o", lib)
    assert r.status == 0, r
    program = gt.compile_c([tmp_path / "user.c", lib], tmp_path / "user", "-O1",
                           *(["-static"] if how == "static" else [f"-Wl,-rpath,{tmp_path}"]))
    clean = gt.run_race(program, folder=tmp_path)
    assert (clean.status, clean.findings) == (0, []), clean.result
    racy = gt.run_race(program, "racy", folder=tmp_path)
    assert racy.status == 66 and [f["variable"]["name"] for f in racy.findings] == ["y"], racy.result


OWN_MALLOC = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char pool[1 << 20];
static size_t used;
static long frees;
void *malloc(size_t n) {
  size_t at = __atomic_fetch_add(&used, (n + 31) & ~(size_t)15, __ATOMIC_RELAXED);
  if (at + n > sizeof pool) return NULL;
  *(size_t *)(void *)(pool + at) = n;
  return pool + at + 16;
}
void free(void *p) { if (p) __atomic_fetch_add(&frees, 1, __ATOMIC_RELAXED); }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t n) {
  void *q = malloc(n);
  if (p && q) memcpy(q, p, ((size_t *)p)[-2] < n ? ((size_t *)p)[-2] : n);
  return q;
}
void *memalign(size_t a, size_t n) { return (void *)(((size_t)malloc(n + a) + a - 1) & ~(a - 1)); }
void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { return !(*p = memalign(a, n)); }
"""

OWN_MALLOC_USER = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *work(void *arg) {
  for (int i = 0; i < 100; i++) {
    char *p = malloc(30), *q = strdup("abc");
    memset(p, 1, 30);
    p = realloc(p, 60);
    p[59] = 1;
    free(p);
    free(q);
  }
  return arg;
}
int main(void) {
  pthread_t a, b;
  pthread_create(&a, NULL, work, NULL);
  pthread_create(&b, NULL, work, NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  puts("done");
}
"""


@pytest.mark.parametrize("static", ((), ("-static",)), ids=("dynamic", "static"))
def test_a_program_with_a_malloc_of_its_own(static, build, tmp_path):
    (tmp_path / "malloc.c").write_text(OWN_MALLOC)
    (tmp_path / "user.c").write_text(OWN_MALLOC_USER)
    r = gt.run("clang-19", "-O1", "-fno-builtin", "-c", tmp_path / "malloc.c", "-o", tmp_path / "malloc.o")
    assert r.status == 0, r
    program = gt.compile_c([tmp_path / "user.c", tmp_path / "malloc.o"], tmp_path / "user", "-O1", *static)
    run = gt.run_race(program, folder=tmp_path)
    assert (run.status, run.findings, run.result.stdout) == (0, [], "done\n"), run.result


# --- naming the heap --------------------------------------------------------------------------------------------------

HEAP = r"""
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <malloc.h>
static char *p;
static void *touch(void *at) { *(volatile char *)at = 1; return NULL; }
static void *make(size_t n, char how) {
  if (how == 'a') return aligned_alloc(64, (n + 63) / 64 * 64);
  if (how == 'c') return calloc(n, 1);
  if (how == 'r') return realloc(malloc(5), n);
  return malloc(n);
}
/* argv: size, offset, how; the block's neighbours are freed and used ones */
int main(int argc, char **argv) {
  (void)argc;
  size_t n = strtoul(argv[1], NULL, 10), offset = strtoul(argv[2], NULL, 10);
  void *around[64];
  for (int i = 0; i < 32; i++) around[i] = malloc(n);
  p = make(n, argv[3][0]);
  for (int i = 32; i < 64; i++) around[i] = malloc(n);
  for (int i = 0; i < 64; i += 2) free(around[i]);
  printf("%p\n", (void *)p);
  pthread_t a, b;
  pthread_create(&a, NULL, touch, p + offset);
  pthread_create(&b, NULL, touch, p + offset);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}
"""


@pytest.mark.parametrize("size", (1, 16, 24, 40, 63, 64, 65, 100, 4096, 100000, 300000000))
@pytest.mark.parametrize("how", "mcra")
def test_heap_blocks_are_named(size, how, programs, tmp_path):
    program = programs(HEAP, "-O1")
    for offset in {0, size // 2, size - 1}:
        run = gt.run_race(program, size, offset, how, folder=tmp_path)
        assert run.status == 66 and len(run.findings) == 1, run.result
        memory = run.findings[0]["memory"]
        whole = (size + 63) // 64 * 64 if how == "a" else size
        assert (memory["kind"], memory["size"], memory["offset"]) == ("heap", whole, offset), memory
        assert memory["address"] == run.result.stdout.strip()
        assert memory["goroutine"]["id"] == 1
        assert [f["function"] for f in memory["stack"]][:2] == ["make", "main"]


def test_misuse_tells_the_locks_held(programs, tmp_path):
    """Those of the caller, at its call."""
    source = next(p for p in PROGRAMS if p.stem == "misuse_race")
    lines = source.read_text().splitlines()
    run = gt.run_race(programs(source, "-O1"), folder=tmp_path)
    taken = {f["message"]: [lines[gt.user_frame(lock, source)["line"] - 1].strip() for lock in f["accesses"][0]["locks"]]
             for f in run.findings if f["kind"] in ("GW1006", "GW1008")}
    assert taken["unlock of an unlocked spin lock"] == []
    assert taken["destruction of a locked mutex"][0] == "pthread_mutex_lock(&held);", taken
