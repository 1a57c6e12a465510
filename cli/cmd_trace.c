/* `godwit trace`: runs a program with its timeline on, and writes that in a format that others open. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/folder.h"
#include "cli/mem.h"
#include "cli/timeline.h"

const char help_trace[] =
    "usage: godwit trace [--format chrome|go] -o FILE -- PROGRAM [ARGUMENTS...]\n"
    "       godwit trace [--format chrome|go] -o FILE TIMELINE\n"
    "\n"
    "Runs a program built with godwit and writes what its goroutines and processors did, and when.  The\n"
    "second form takes what a program wrote that ran with GODWIT=trace=TIMELINE.\n"
    "\n"
    "  --format chrome  JSON for Perfetto, speedscope and Chrome's trace viewer (this is the default)\n"
    "  --format go      for `go tool trace` of Go 1.19\n"
    "  -o FILE          where to\n"
    "\n"
    "exit status: the program's; else 0, 64 bad usage, 125 there is no timeline, 126 or 127 the program\n"
    "can't be run.\n";

/* The program's GODWIT with the timeline in it: ours comes last, and so it counts. */
static void set_option(const char *raw) {
  const char *before = getenv("GODWIT");
  char *value = mem_format("%s%strace='%s'", before ? before : "", before && *before ? " " : "", raw);
  setenv("GODWIT", value, 1);
  free(value);
}

/* Signals that would end us: the program's affair, whose timeline is wanted all the more.  A terminal sends the first
 * two to the program as well. */
static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };
static volatile sig_atomic_t running; /* the program */

static void on_signal(int sig) {
  int saved = errno;
  if (sig != SIGINT && sig != SIGQUIT && running) kill((pid_t)running, sig);
  errno = saved;
}

static void run_here(char **argv, const char *raw, const sigset_t *mask) {
  sigprocmask(SIG_SETMASK, mask, NULL);
  set_option(raw);
  execvp(argv[0], argv);
  int status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
  fprintf(stderr, "godwit trace: can't run %s: %s\n", argv[0], strerror(errno));
  _exit(status);
}

static int run_program(char **argv, const char *raw) {
  sigset_t all, mask;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &mask); /* no signal between the fork and the note of its number */
  pid_t child = fork();
  if (child < 0) return fprintf(stderr, "godwit trace: can't start a process: %s\n", strerror(errno)), STATUS_FAILED;
  if (child == 0) run_here(argv, raw, &mask);
  running = child;
  for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &(struct sigaction){.sa_handler = on_signal}, NULL);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  running = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool write_file(const char *path, const struct buf *b) {
  FILE *f = fopen(path, "wb");
  if (!f) return false;
  bool ok = fwrite(b->p, 1, b->n, f) == b->n;
  return fclose(f) == 0 && ok;
}

static int convert(const char *raw, const char *out, timeline_writer *write) {
  char *why = NULL;
  struct timeline *t = timeline_read(raw, &why);
  if (!t) {
    fprintf(stderr, "godwit trace: %s\n", why);
    free(why);
    return STATUS_FAILED;
  }
  struct buf b = {0};
  write(t, &b);
  bool ok = write_file(out, &b);
  if (!ok) fprintf(stderr, "godwit trace: can't write %s: %s\n", out, strerror(errno));
  if (t->lost)
    fprintf(stderr, "godwit trace: the timeline's first %llu events were overwritten by later ones\n",
            (unsigned long long)t->lost);
  buf_free(&b);
  timeline_free(t);
  return ok ? 0 : STATUS_FAILED;
}

/* Told before the program has run for an hour, not after.  Nothing is opened: it may be a pipe. */
static bool may_write(const char *path) {
  struct stat st;
  bool exists = stat(path, &st) == 0;
  if (exists && S_ISDIR(st.st_mode)) return errno = EISDIR, false;
  if (exists) return access(path, W_OK) == 0;
  const char *slash = strrchr(path, '/');
  char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_format(".");
  bool ok = access(folder, W_OK) == 0;
  int e = errno;
  free(folder);
  return errno = e, ok;
}

static int run_and_convert(char **argv, const char *out, timeline_writer *write) {
  if (!may_write(out))
    return fprintf(stderr, "godwit trace: can't write %s: %s\n", out, strerror(errno)), STATUS_FAILED;
  char *dir = folder_make("trace");
  if (!dir) return STATUS_FAILED;
  char *raw = mem_format("%s/timeline", dir);
  int status = run_program(argv, raw);
  int failed = 0;
  if (access(raw, R_OK) == 0)
    failed = convert(raw, out, write);
  else if (status != STATUS_CANNOT_RUN && status != STATUS_NOT_FOUND) {
    fprintf(stderr, "godwit trace: %s wrote no timeline: is it built with godwit, and does it use goroutines?\n",
            argv[0]);
    failed = STATUS_FAILED;
  }
  folder_remove(dir);
  free(raw);
  free(dir);
  return failed ? failed : status;
}

int cmd_trace(int argc, char **argv) {
  const char *format = "chrome", *out = NULL;
  struct option_spec specs[] = {{"--format", &format, NULL}, {"-o", &out, NULL}};
  bool runs = false;
  for (int i = 1; i < argc && !runs; i++) runs = strcmp(argv[i], "--") == 0;
  int n = parse_options(argc, argv, specs, sizeof specs / sizeof specs[0]);
  if (n < 0) return STATUS_USAGE;
  timeline_writer *write = timeline_format(format);
  if (!write) return usage_error("trace", "there is no format '%s': chrome or go", format);
  if (!out) return usage_error("trace", "where to? -o FILE");
  if (n < 2) return usage_error("trace", "no program: godwit trace -o FILE -- PROGRAM");
  if (runs) return run_and_convert(argv + 1, out, write);
  if (n > 2) return usage_error("trace", "a program stands after `--`; else one timeline at a time");
  return convert(argv[1], out, write);
}
