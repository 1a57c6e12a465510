"""However a program ends, what was found is in the log, and the exit status says so."""

import os
import resource
import signal

import pytest

import godwit_testing as gt

RACE = """
#include <godwit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static long shared;

static void writer(gw_waitgroup *done) {
  shared++;
  gw_waitgroup_done(done);
}
static void race(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 2);
  gw_go(writer, &done);
  gw_go(writer, &done);
  gw_waitgroup_wait(&done);
}
static void no_race(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1);
  gw_go(writer, &done);
  gw_waitgroup_wait(&done);
}
"""

ENDINGS = {  # name -> (body of main after the race, status without a race)
    "return_zero": ("return 0;", 0),
    "return_other": ("return 3;", 3),
    "exit": ("exit(4);", 4),
    "exit_from_goroutine": ("gw_waitgroup never = {0}; gw_waitgroup_add(&never, 1); gw_go(exit, 5);"
                            " gw_waitgroup_wait(&never); return 0;", 5),
    "_exit": ("_exit(6);", 6),
    "_Exit": ("_Exit(7);", 7),
    "quick_exit": ("quick_exit(8);", 8),
    "panic": ('gw_panic("at the end");', 2),
    "fatal_error": ("static gw_mutex mu; gw_mutex_unlock(&mu); return 0;", 2),
    "deadlock": ("static gw_mutex mu; gw_mutex_lock(&mu); gw_mutex_lock(&mu); return 0;", 2),
}
FINDINGS_OF_THEIR_OWN = {"deadlock": {"GW1003"}, "fatal_error": {"GW1006"}}
SIGNALS = {"SIGSEGV": "*(volatile int *)8 = 1;", "SIGABRT": "abort();", "SIGFPE": "raise(SIGFPE);",
           "SIGTERM": "raise(SIGTERM);", "SIGKILL": "raise(SIGKILL);"}


def program(programs, first, last):
    return programs(f"{RACE}\nint main(void) {{\n  {first}();\n  {last}\n}}\n", "-O1", "-Wno-unused-function",
                    "-Wno-unreachable-code", "-Wno-missing-noreturn", "-Wno-null-dereference")


def kinds(run):
    return [f["kind"] for f in run.findings]


@pytest.mark.parametrize("ending", ENDINGS)
def test_status_after_a_race(ending, programs, tmp_path):
    run = gt.run_race(program(programs, "race", ENDINGS[ending][0]), folder=tmp_path)
    assert run.status == 66, run
    assert "GW1001" in kinds(run), run
    assert set(kinds(run)) - {"GW1001"} == FINDINGS_OF_THEIR_OWN.get(ending, set()), run


@pytest.mark.parametrize("ending", ENDINGS)
def test_status_without_a_race(ending, programs, tmp_path):
    body, status = ENDINGS[ending]
    run = gt.run_race(program(programs, "no_race", body), folder=tmp_path)
    own = FINDINGS_OF_THEIR_OWN.get(ending, set())
    assert run.status == (66 if own else status), run
    assert set(kinds(run)) == own, run


@pytest.mark.parametrize("ending", ENDINGS)
def test_status_in_a_plain_build(ending, programs, tmp_path):
    body, status = ENDINGS[ending]
    text = f"{RACE}\nint main(void) {{\n  race();\n  {body}\n}}\n"
    plain = programs(text, "-O1", "-Wno-unused-function", "-Wno-unreachable-code", race=False)
    assert gt.run(plain).status == status


@pytest.mark.parametrize("name", SIGNALS)
def test_fatal_signal_after_a_race(name, programs, tmp_path):
    """The signal is raised again, and the log is complete; even SIGKILL leaves what was found before it."""
    exe = program(programs, "race", SIGNALS[name])
    run = gt.run_race(exe, folder=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    assert run.status == -getattr(signal, name), run
    assert kinds(run).count("GW1001") >= 1 and set(kinds(run)) == {"GW1001"}, run
    assert all(len(f["accesses"]) == 2 and all(a["stack"] for a in f["accesses"]) for f in run.findings), run


def test_own_handler_of_a_fatal_signal_runs(programs, tmp_path):
    """A program that handles SIGSEGV itself keeps that, in a race build too."""
    text = RACE + """
    static void handler(int sig) { (void)sig; _exit(9); }
    int main(void) { signal(SIGSEGV, handler); no_race(); *(volatile int *)8 = 1; }
    """
    run = gt.run_race(programs(text, "-O1", "-Wno-unused-function", "-Wno-null-dereference"), folder=tmp_path)
    assert (run.status, run.findings) == (9, []), run


def test_exitcode_option(programs, tmp_path):
    run = gt.run_race(program(programs, "race", "return 0;"), folder=tmp_path, options="exitcode=42")
    assert run.status == 42 and run.findings


def test_halt_on_error(programs, tmp_path):
    run = gt.run_race(program(programs, "race", 'puts("not reached"); return 0;'), folder=tmp_path,
                      options="halt_on_error=1")
    assert run.status == 66 and len(run.findings) == 1 and "not reached" not in run.result.stdout, run


def test_log_that_cannot_be_written(programs, tmp_path):
    """No finding is lost: it goes to standard error, after one line that says why."""
    exe = program(programs, "race", "return 0;")
    r = gt.run(exe, env={"GODWIT": f"log_path={tmp_path}/not/there/log"})
    assert r.status == 66, r
    assert "not/there/log" in r.stderr and "data race" in r.stderr, r
    assert len([line for line in r.stderr.splitlines() if "not/there/log" in line]) == 1, r


def test_log_on_a_full_disk(programs):
    exe = program(programs, "race", "return 0;")
    with open("/dev/full", "w") as full:
        import subprocess
        p = subprocess.run([exe], stdout=subprocess.PIPE, stderr=full, env=gt.environment(), timeout=gt.TIMEOUT)
    assert p.returncode == 66


def test_standard_error_closed(programs):
    r = gt.run("/bin/sh", "-c", '"$0" 2>&-', program(programs, "race", "return 0;"))
    assert r.status == 66, r


def test_forked_child_counts_only_its_own(programs, tmp_path):
    """The parent raced before the fork; the child found nothing and ends with its own status."""
    text = RACE + """
    int main(void) {
      race();
      pid_t child = fork();
      if (child == 0) exit(11);
      int status = 0;
      waitpid(child, &status, 0);
      printf("child %d\\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    """
    run = gt.run_race(programs(text, "-O1", "-Wno-unused-function"), folder=tmp_path)
    assert run.status == 66 and run.result.stdout == "child 11\n", run


def test_without_a_symboliser_nothing_is_lost(programs, tmp_path):
    """When `godwit symbolize` can't be started, the findings are raw: module and offset, and `godwit report` reads them."""
    exe = program(programs, "race", "return 0;")
    run = gt.run_race(exe, folder=tmp_path, env={"PATH": "/nonexistent"})
    assert run.status == 66 and "GW1001" in kinds(run), run
    logs = [str(p) for p in tmp_path.glob("race.*")]
    report = gt.run(gt.GODWIT, "report", *logs)
    assert report.status == 66 and "data race on 'shared'" in report.stdout, report


def test_many_processes_write_logs_of_their_own(programs, tmp_path):
    exe = program(programs, "race", "return 0;")
    script = "for i in 1 2 3 4; do \"$0\" & done; wait"
    r = gt.run("/bin/sh", "-c", script, exe, env={"GODWIT": f"format=json log_path={tmp_path}/many"})
    assert r.status == 0 and len(list(tmp_path.glob("many.*"))) == 4
    assert all(f["kind"] == "GW1001" for f in gt.read_log(tmp_path / "many"))
    assert os.getpid() not in {f["pid"] for f in gt.read_log(tmp_path / "many")}


def test_who_waits_for_all_children_sees_only_its_own(programs):
    """The helper that names what was found, or sampled, is none of them, nor does its end raise SIGCHLD."""
    text = RACE + """
    static int ended; /* atomic: any thread may get the signal, and later than main hears of the child */
    static void one_more(int sig) { __atomic_fetch_add(&ended, sig == SIGCHLD, __ATOMIC_RELAXED); }
    static int so_far(void) { return __atomic_load_n(&ended, __ATOMIC_RELAXED); }
    int main(void) {
      struct sigaction act = {.sa_handler = one_more, .sa_flags = SA_RESTART};
      sigaction(SIGCHLD, &act, NULL);
      race();
      FILE *profile = tmpfile();
      if (gw_pprof_write("goroutine", fileno(profile), 0) != 0) return 1;
      int before = so_far();
      if (fork() == 0) _exit(0);
      int waited = 0;
      while (wait(NULL) > 0) waited++;
      while (so_far() == before) gw_yield();
      printf("%d waited for, %d and %d signals", waited, before, so_far() - before);
      return 0;
    }
    """
    r = gt.run(programs(text, "-O1", "-Wno-unused-function"))
    assert r.status == 66 and "data race" in r.stderr and r.stdout == "1 waited for, 0 and 1 signals", r


@pytest.mark.parametrize("ending", FINDINGS_OF_THEIR_OWN)
def test_dumps_come_without_complaints(ending, programs):
    """Their lines were asked for by the dump already."""
    r = gt.run(program(programs, "no_race", ENDINGS[ending][0]))
    assert r.status == 66 and "main(...)" in r.stderr and "warning" not in r.stderr, r


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_no_handler_runs_in_the_helper(race, programs):
    """Until it executes it has the program's memory and handlers; a key's signal goes to the whole group."""
    text = """
    #include <godwit.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdatomic.h>
    #include <stdio.h>
    #include <sys/mman.h>
    #include <sys/prctl.h>
    #include <sys/syscall.h>
    #include <sys/wait.h>
    #include <unistd.h>
    static struct { atomic_int here, elsewhere; } *seen;
    static atomic_int self;
    static void handler(int sig) {
      (void)sig;
      if (self && syscall(SYS_getpid) != self) seen->elsewhere = 1;
      seen->here = 1;
    }
    static int in_a_child(int to) { /* which needs a helper of its own */
      int status = 0;
      self = 0;
      int pid = fork();
      self = getpid();
      if (pid == 0) _exit(gw_pprof_write("goroutine", to, 0) != 0);
      waitpid(pid, &status, 0);
      return status != 0;
    }
    int main(void) {
      setpgid(0, 0);
      seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      gw_go(gw_yield); /* else a profile has no place to ask for */
      gw_yield();
      int sender = fork();
      if (sender == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGWINCH, SIG_IGN);
        for (;;) kill(0, SIGWINCH);
      }
      self = getpid();
      signal(SIGWINCH, handler);
      int to = open("/dev/null", O_WRONLY), failed = 0;
      for (int i = 0; i < 10; i++) failed += in_a_child(to);
      while (!seen->here) usleep(100);
      kill(sender, SIGKILL);
      waitpid(sender, NULL, 0);
      printf("%d failed, %d elsewhere", failed, seen->elsewhere);
    }
    """
    r = gt.run(programs(text, "-O1", race=race))
    assert r.stdout == "0 failed, 0 elsewhere", r
