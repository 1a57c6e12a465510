/* `godwit selftest`: builds and runs small programs that it carries with it, so that it works without the source tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/command.h"
#include "cli/folder.h"
#include "cli/mem.h"
#include "cli/parts.h"
#include "cli/spawn.h"

const char help_selftest[] =
    "usage: godwit selftest [--keep]\n"
    "\n"
    "Builds and runs small programs with -race: planted races must be found at the right line, with the name of the\n"
    "variable and exit status 66; clean programs must pass in silence.  A program without -race must run as well.\n"
    "\n"
    "--keep leaves the programs in their folder and prints its name.\n"
    "exit status: 0 if all is well, 125 if not, 64 bad usage.\n";

struct program {
  const char *name;  /* of the source file, without .c */
  const char *what;  /* for the user */
  bool race;         /* built with -race */
  const char *found; /* what must stand in the report; NULL: must be silent */
  const char *source;
};

#define GOROUTINES(lock, unlock)          \
  "#include <godwit.h>\n"                 \
  "static int counter;\n"                 \
  "static gw_mutex mu;\n"                 \
  "static void add(gw_waitgroup *wg) {\n" \
  "  " lock                               \
  "\n"                                    \
  "  counter++;\n"                        \
  "  " unlock                             \
  "\n"                                    \
  "  gw_waitgroup_done(wg);\n"            \
  "}\n"                                   \
  "int main(void) {\n"                    \
  "  gw_waitgroup wg = {0};\n"            \
  "  gw_waitgroup_add(&wg, 2);\n"         \
  "  gw_go(add, &wg);\n"                  \
  "  gw_go(add, &wg);\n"                  \
  "  gw_waitgroup_wait(&wg);\n"           \
  "  (void)mu;\n"                         \
  "  return counter != 2;\n"              \
  "}\n"

#define THREADS(lock, unlock)                                \
  "#include <pthread.h>\n"                                   \
  "#include <stddef.h>\n"                                    \
  "static int counter;\n"                                    \
  "static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;\n" \
  "static void *add(void *arg) {\n"                          \
  "  " lock                                                  \
  "\n"                                                       \
  "  counter++;\n"                                           \
  "  " unlock                                                \
  "\n"                                                       \
  "  return arg;\n"                                          \
  "}\n"                                                      \
  "int main(void) {\n"                                       \
  "  pthread_t a, b;\n"                                      \
  "  pthread_create(&a, NULL, add, NULL);\n"                 \
  "  pthread_create(&b, NULL, add, NULL);\n"                 \
  "  pthread_join(a, NULL);\n"                               \
  "  pthread_join(b, NULL);\n"                               \
  "  (void)mu;\n"                                            \
  "  return counter != 2;\n"                                 \
  "}\n"

static const struct program programs[] = {
    {"plain", "goroutines without -race", false, NULL, GOROUTINES("gw_mutex_lock(&mu);", "gw_mutex_unlock(&mu);")},
    {"race", "a planted race of goroutines", true, "race.c:6:10: error: data race on 'counter'", GOROUTINES("", "")},
    {"clean", "a clean program of goroutines", true, NULL, GOROUTINES("gw_mutex_lock(&mu);", "gw_mutex_unlock(&mu);")},
    {"thread_race", "a planted race of pthreads", true, "thread_race.c:7:10: error: data race on 'counter'",
     THREADS("", "")},
    {"thread_clean", "a clean program of pthreads", true, NULL,
     THREADS("pthread_mutex_lock(&mu);", "pthread_mutex_unlock(&mu);")},
};
enum { PROGRAMS = sizeof programs / sizeof programs[0], SECONDS = 60 };

static bool write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "we");
  if (!f) return false;
  bool ok = fputs(text, f) >= 0;
  return fclose(f) == 0 && ok;
}

/* The wait status of the build; its messages go to *said. */
static int build(const struct program *p, const char *dir, struct buf *said) {
  char *source = mem_format("%s/%s.c", dir, p->name), *file = mem_format("%s.c", p->name);
  int status = -1;
  if (write_file(source, p->source)) {
    char *argv[] = {parts_find()->self, "cc", "-g", "-O1", file, "-o", (char *)p->name, p->race ? "-race" : NULL, NULL};
    status = spawn(argv, dir, NULL, said, said, SECONDS);
  }
  free(source);
  free(file);
  return status;
}

static int run(const struct program *p, const char *dir, struct buf *said) {
  char *path = mem_format("%s/%s", dir, p->name);
  int status = spawn((char *[]){path, NULL}, dir, NULL, said, said, SECONDS);
  free(path);
  return status;
}

/* NULL if it ended as it should; else what's wrong. */
static const char *judge(const struct program *p, int status, const char *said) {
  int wanted = p->found ? STATUS_FINDINGS : 0;
  if (status < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != wanted)
    return p->found ? "the race wasn't found (exit status 66 expected)" : "it should end with 0";
  if (p->found && !strstr(said, p->found)) return "the report doesn't name the place and the variable";
  if (!p->found && *said) return "it should be silent";
  return NULL;
}

static bool test(const struct program *p, const char *dir) {
  struct buf said = {0}, end = {0};
  int status = build(p, dir, &said);
  const char *wrong = status == 0 ? NULL : "it doesn't build";
  if (!wrong) {
    buf_free(&said);
    status = run(p, dir, &said);
    wrong = judge(p, status, said.p ? said.p : "");
  }
  printf("%-4s  %s\n", wrong ? "FAIL" : "ok", p->what);
  if (wrong) {
    spawn_describe(&end, status);
    printf("      %s; %s; what it said:\n%s\n", wrong, end.p, said.p ? said.p : "(nothing)");
  }
  buf_free(&said);
  buf_free(&end);
  return !wrong;
}

int cmd_selftest(int argc, char **argv) {
  bool keep = false;
  struct option_spec specs[] = {{"--keep", NULL, &keep}};
  int n = parse_options(argc, argv, specs, 1);
  if (n < 0) return STATUS_USAGE;
  if (n > 1) return usage_error("selftest", "no arguments, please");
  char *dir = folder_make("selftest");
  if (!dir) return STATUS_FAILED;
  int failed = 0;
  for (size_t i = 0; i < PROGRAMS; i++) failed += !test(&programs[i], dir);
  if (keep)
    printf("kept in %s\n", dir);
  else
    folder_remove(dir);
  free(dir);
  if (failed)
    printf("selftest: %d of %d failed; `godwit doctor` looks for the cause\n", failed, (int)PROGRAMS);
  else
    printf("selftest: all %d passed\n", (int)PROGRAMS);
  return failed ? STATUS_FAILED : 0;
}
