/* `godwit doctor`: looks at everything that godwit needs from a machine, and says for each problem what to do. */
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/compiler.h"
#include "cli/folder.h"
#include "cli/parts.h"
#include "cli/spawn.h"

const char help_doctor[] =
    "usage: godwit doctor\n"
    "\n"
    "Checks the compiler, the plugin, the libraries, the symboliser, the kernel and the limits of this machine.\n"
    "  ok    as it should be\n"
    "  warn  works, with the restriction that it names\n"
    "  FAIL  something won't work; the line says what to do\n"
    "\n"
    "exit status: 0 if nothing failed, 125 if something did, 64 bad usage.\n";

struct report {
  int failed; /* FAIL lines so far */
};
enum level { OK, WARN, FAIL };

__attribute__((format(printf, 4, 5))) static void say(struct report *r, enum level level, const char *what,
                                                      const char *fmt, ...) {
  static const char *const words[] = {"ok", "warn", "FAIL"};
  va_list ap;
  va_start(ap, fmt);
  printf("%-4s  %-12s ", words[level], what);
  vprintf(fmt, ap);
  printf("\n");
  va_end(ap);
  r->failed += level == FAIL;
}

/* The path, for the checks that need it; NULL if there is none. */
static char *check_clang(struct report *r) {
  char *why = NULL, *clang = compiler_find(&why);
  if (clang) {
    struct buf out = {0};
    spawn((char *[]){clang, "--version", NULL}, NULL, NULL, &out, NULL, 30);
    char *version = buf_take(&out);
    version[strcspn(version, "\n")] = 0;
    say(r, OK, "clang", "%s (%s)", clang, version);
    free(version);
  } else {
    say(r, FAIL, "clang", "%s", why);
  }
  free(why);
  return clang;
}

static void check_file(struct report *r, const char *what, const char *path) {
  if (access(path, R_OK) == 0)
    say(r, OK, what, "%s", path);
  else
    say(r, FAIL, what, "%s can't be read: build or install godwit again", path);
}

static void first_line(char *text) { text[strcspn(text, "\n")] = 0; }

static bool compiles(struct report *r, const char *what, const char *dir, char *const *argv) {
  struct buf said = {0};
  int status = spawn(argv, dir, "int main(void) { return 0; }\n", NULL, &said, 60);
  char *text = buf_take(&said);
  first_line(text);
  if (status == 0)
    say(r, OK, what, "works");
  else
    say(r, FAIL, what, "%s", *text ? text : "doesn't work, and says nothing");
  free(text);
  return status == 0;
}

static void check_build(struct report *r) {
  char *dir = folder_make("doctor"), *self = parts_find()->self;
  if (!dir) {
    r->failed++;
    return;
  }
  if (compiles(r, "plugin", dir, (char *[]){self, "cc", "-race", "-O1", "-c", "-x", "c", "-", "-o", "a.o", NULL})) {
    compiles(r, "link", dir, (char *[]){self, "cc", "-race", "a.o", "-o", "a.out", NULL});
    compiles(r, "run", dir, (char *[]){self, "run", "-race", "-x", "c", "-", NULL});
  }
  folder_remove(dir);
  free(dir);
}

static void check_symbolizer(struct report *r) {
  struct buf out = {0};
  char *argv[] = {parts_find()->self, "symbolize", "--format", "json", NULL};
  int status = spawn(argv, NULL, "{\"schema\":\"godwit-finding-1\",\"kind\":\"GW1003\"}\n", &out, NULL, 30);
  char *text = buf_take(&out), *rest;
  unsigned long n = strtoul(text, &rest, 10);
  if (status == 0 && n > 0 && *rest == '\n' && strlen(rest + 1) == n)
    say(r, OK, "symboliser", "answers");
  else
    say(r, FAIL, "symboliser", "`godwit symbolize` doesn't answer: build or install godwit again");
  free(text);
}

static bool guards_work(void) {
  enum { GUARD_INSTALL = 102, PAGE = 4096 }; /* MADV_GUARD_INSTALL: newer than Debian 12's headers */
  void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  bool works = madvise(p, PAGE, GUARD_INSTALL) == 0;
  munmap(p, PAGE);
  return works;
}

/* A number from a file under /proc; -1 if it isn't there. */
static long proc_number(const char *path) {
  FILE *f = fopen(path, "re");
  long v = -1;
  if (!f) return v;
  if (fscanf(f, "%ld", &v) != 1) v = -1;
  fclose(f);
  return v;
}

static void check_kernel(struct report *r) {
  struct utsname u;
  if (uname(&u) == 0) say(r, OK, "kernel", "%s %s", u.sysname, u.release);
  if (strcmp(u.machine, "x86_64") != 0) say(r, FAIL, "processor", "%s: only x86_64 is supported so far", u.machine);
  long query = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  if (query > 0 && (query & MEMBARRIER_CMD_PRIVATE_EXPEDITED))
    say(r, OK, "membarrier", "expedited");
  else
    say(r, WARN, "membarrier", "not there (a kernel before 4.14, or a sandbox): pauses of the detector are longer");
  long maps = proc_number("/proc/sys/vm/max_map_count");
  if (guards_work())
    say(r, OK, "stack guards", "by MADV_GUARD_INSTALL, for any number of goroutines");
  else
    say(r, WARN, "stack guards",
        "by mprotect (kernel before 6.13): about %ld stacks have one; `sysctl vm.max_map_count=1000000` allows more",
        maps > 0 ? maps / 2 : 32000);
  if (access("/proc/self/maps", R_OK) != 0)
    say(r, FAIL, "/proc", "isn't mounted: the detector reads its memory map there; `mount -t proc proc /proc`");
}

static void check_limits(struct report *r) {
  struct rlimit l;
  if (getrlimit(RLIMIT_AS, &l) == 0 && l.rlim_cur != RLIM_INFINITY)
    say(r, FAIL, "ulimit -v", "%llu MB: programs with -race reserve terabytes of addresses; `ulimit -v unlimited`",
        (unsigned long long)l.rlim_cur >> 20);
  else
    say(r, OK, "ulimit -v", "unlimited");
  long overcommit = proc_number("/proc/sys/vm/overcommit_memory");
  if (overcommit == 2)
    say(r, WARN, "overcommit",
        "2: reserved addresses count as memory; if -race doesn't start: `sysctl vm.overcommit_memory=0`");
  else
    say(r, OK, "overcommit", "%ld", overcommit);
  long bits = proc_number("/proc/sys/vm/mmap_rnd_bits");
  if (bits > 32)
    say(r, WARN, "ASLR", "%ld bits: more than the detector was tried with; `setarch -R PROGRAM` if -race doesn't start",
        bits);
  else
    say(r, OK, "ASLR", "%ld bits", bits);
}

int cmd_doctor(int argc, char **argv) {
  int n = parse_options(argc, argv, NULL, 0);
  if (n < 0) return STATUS_USAGE;
  if (n > 1) return usage_error("doctor", "no arguments, please");
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct report r = {0};
  const struct parts *p = parts_find();
  char *clang = check_clang(&r), header[4096];
  snprintf(header, sizeof header, "%s/godwit.h", p->include);
  check_file(&r, "header", header);
  check_file(&r, "plugin", p->plugin);
  check_file(&r, "library", p->plain);
  check_file(&r, "library", p->race);
  check_file(&r, "library", p->interpose);
  check_file(&r, "library", p->wrap);
  if (clang && r.failed == 0) check_build(&r);
  check_symbolizer(&r);
  check_kernel(&r);
  check_limits(&r);
  free(clang);
  if (r.failed)
    printf("doctor: %d problem%s\n", r.failed, r.failed == 1 ? "" : "s");
  else
    printf("doctor: all is well\n");
  return r.failed ? STATUS_FAILED : 0;
}
