/* `godwit run`: builds into a temporary folder, runs, removes the folder, and ends as the program ended.
 *
 * The folder is removed on every way out: signals that would end us are passed on to whatever runs and we wait for it.
 * Only SIGKILL leaves it behind.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/clang_args.h"
#include "cli/command.h"
#include "cli/compiler.h"
#include "cli/folder.h"
#include "cli/mem.h"

const char help_run[] =
    "usage: godwit run [-race] FILE.c... [CLANG-ARGUMENTS] [-- ARGUMENTS]\n"
    "\n"
    "Builds the program into a temporary folder (with -g -O1 unless told otherwise) and runs it.\n"
    "With -race the detector is in it: `godwit run -race FILE.c` is all it takes to look for races.\n"
    "\n"
    "exit status: the program's (66 with -race if anything was found; a fatal signal is raised again);\n"
    "1 if compiling fails, 64 bad usage, 125 if there is no clang 19 or a part of godwit is missing.\n";

static volatile sig_atomic_t running; /* child to pass signals on to; 0 for none */
static volatile sig_atomic_t caught;  /* a signal that came; ends us once the folder is gone */

static void on_signal(int sig) {
  int saved = errno;
  caught = sig;
  if (running) kill((pid_t)running, sig);
  errno = saved;
}

/* A terminal sends its signals to the child as well: those we only outlive. */
static void on_terminal_signal(int sig) { caught = sig; }

static void catch_signals(void) {
  struct sigaction pass = {.sa_handler = on_signal}, outlive = {.sa_handler = on_terminal_signal};
  sigaction(SIGTERM, &pass, NULL);
  sigaction(SIGHUP, &pass, NULL);
  sigaction(SIGINT, &outlive, NULL);
  sigaction(SIGQUIT, &outlive, NULL);
}

/* Runs it and returns its wait status; one that can't be run looks like an exit with 126 or 127. */
static int run_and_wait(char **argv) {
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &old); /* no signal between the fork and the note of its number */
  if (caught) return sigprocmask(SIG_SETMASK, &old, NULL), caught;
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGTERM, SIG_DFL), signal(SIGHUP, SIG_DFL), signal(SIGINT, SIG_DFL), signal(SIGQUIT, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    execv(argv[0], argv);
    int e = errno;
    fprintf(stderr, "godwit run: can't run %s: %s%s\n", argv[0], strerror(e),
            e == EACCES ? " (its folder may be mounted noexec: TMPDIR names another)" : "");
    _exit(e == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
  }
  running = pid > 0 ? pid : 0;
  sigprocmask(SIG_SETMASK, &old, NULL);
  if (pid < 0) {
    fprintf(stderr, "godwit run: can't start %s: %s\n", argv[0], strerror(errno));
    return STATUS_FAILED << 8;
  }
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  running = 0;
  return status;
}

static void raise_again(int sig) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none); /* the core, if any, is the program's */
  signal(sig, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  raise(sig);
}

/* Turns a wait status into our own end. */
static int end_like(int status) {
  if (WIFSIGNALED(status)) raise_again(WTERMSIG(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}

/* Reports print the program's name: the first source's, as a user would have named it. */
static char *program_name(const struct clang_args *a) {
  for (size_t i = 0; i < a->rest.n; i++) {
    const char *s = a->rest.v[i];
    if (s[0] == '-' || !has_suffix(s, ".c")) continue;
    const char *slash = strrchr(s, '/');
    const char *base = slash ? slash + 1 : s;
    if (strlen(base) > 2) return mem_strndup(base, strlen(base) - 2);
  }
  return mem_strdup("a.out");
}

static void add_defaults(struct clang_args *a, const char *output) {
  if (!a->debug_chosen) strings_add(&a->rest, "-g");
  if (!a->level_chosen) strings_add(&a->rest, "-O1");
  strings_add(&a->rest, "-o");
  strings_add(&a->rest, output);
}

/* The exit status of the whole; the folder exists and is the caller's to remove. */
static int build_and_run(const char *clang, struct clang_args *a, const char *program, char **args) {
  add_defaults(a, program);
  struct strings build = compiler_command(clang, a);
  if (build.n == 0) return STATUS_FAILED << 8;
  int status = run_and_wait(build.v);
  strings_free(&build);
  if (caught) return caught; /* as a wait status: ended by it */
  if (status != 0) return WIFSIGNALED(status) ? status : 1 << 8;
  struct strings cmd = {0};
  strings_add(&cmd, program);
  for (; *args; args++) strings_add(&cmd, *args);
  status = run_and_wait(cmd.v);
  strings_free(&cmd);
  return status;
}

static int run_in_folder(const char *clang, struct clang_args *a, char **args) {
  catch_signals();
  char *dir = folder_make("run");
  if (!dir) return STATUS_FAILED;
  char *name = program_name(a), *program = mem_format("%s/%s", dir, name);
  int status = build_and_run(clang, a, program, args);
  folder_remove(dir); /* -gsplit-dwarf and the like leave more than the program */
  free(program);
  free(name);
  free(dir);
  return end_like(status);
}

int cmd_run(int argc, char **argv) {
  int split = 1;
  while (split < argc && strcmp(argv[split], "--") != 0) split++;
  for (int i = 1; i < split; i++)
    if (strcmp(argv[i], "--help") == 0) return fputs(help_run, stdout), 0;
  struct clang_args a = clang_args_read(split - 1, argv + 1);
  if (!a.has_input) return usage_error("run", "no source file");
  if (a.output_chosen) return usage_error("run", "-o is its own: `godwit cc` builds to keep");
  if (!a.links || a.shared) return usage_error("run", "these arguments build no program: `godwit cc` takes them");
  char *why = NULL, *clang = compiler_find(&why);
  if (!clang) {
    fprintf(stderr, "godwit: %s\n", why);
    return STATUS_FAILED;
  }
  return run_in_folder(clang, &a, argv + (split < argc ? split + 1 : argc));
}
