"""`godwit run`: builds, runs, cleans up, ends as the program ended."""

import os
import signal
import subprocess

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void quit(int sig) { _exit(sig == SIGTERM ? 33 : 34); }
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("%s;", argv[i]);
  fflush(stdout);
  if (argc > 2 && strcmp(argv[1], "exit") == 0) return atoi(argv[2]);
  if (argc > 2 && strcmp(argv[1], "raise") == 0) raise(atoi(argv[2]));
  if (argc > 1 && strcmp(argv[1], "handle") == 0) signal(SIGTERM, quit), signal(SIGINT, quit);
  if (argc > 1 && strcmp(argv[1], "read") == 0) return getchar();
  if (argc > 1 && strcmp(argv[1], "exit") != 0) {
    puts("ready"), fflush(stdout);
    for (;;) pause();
  }
  return 0;
}
"""


@pytest.fixture
def folder(build, tmp_path):
    (tmp_path / "prog.c").write_text(PROGRAM)
    (tmp_path / "tmp").mkdir()
    return tmp_path


def run(*args, folder, **kwargs):
    r = gt.run(gt.GODWIT, "run", *args, cwd=folder, env={"TMPDIR": folder / "tmp"}, **kwargs)
    assert not list((folder / "tmp").iterdir()), "the folder is left behind"
    return r


def test_arguments_and_status(folder):
    assert run("prog.c", folder=folder) == gt.Result(0, "", "")
    assert run("prog.c", "--", "exit", "7", "-race", "--", folder=folder) == gt.Result(7, "exit;7;-race;--;", "")
    assert run("prog.c", "--", folder=folder).status == 0


def test_standard_input_reaches_the_program(folder):
    assert run("prog.c", "--", "read", folder=folder, stdin="A").status == ord("A")


def test_several_files_and_flags(folder):
    (folder / "a.c").write_text("int f(void);\nint main(void) { return f(); }\n")
    (folder / "b.c").write_text("int f(void) { return STATUS; }\n")
    assert run("a.c", "b.c", "-DSTATUS=9", "-O2", folder=folder).status == 9
    assert run("a.c", "b.c", "-DSTATUS=9", "-gsplit-dwarf", folder=folder).status == 9


def test_debug_information_and_level_by_default(folder):
    (folder / "a.c").write_text("#ifdef __OPTIMIZE__\nint main(void) { return 5; }\n#else\nint main(void) { return 6; }\n"
                                "#endif\n")
    assert run("a.c", folder=folder).status == 5
    assert run("a.c", "-O0", folder=folder).status == 6


@pytest.mark.parametrize("sig", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT, signal.SIGINT])
def test_a_signal_is_raised_again(folder, sig):
    assert run("prog.c", "--", "raise", str(int(sig)), folder=folder).status == -sig


def started(folder, *args):
    p = subprocess.Popen([gt.GODWIT, "run", "prog.c", "--", *args], cwd=folder, stdout=subprocess.PIPE, text=True,
                         env=gt.environment(TMPDIR=folder / "tmp"), start_new_session=True)
    assert p.stdout.readline().endswith("ready\n")
    return p


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_us_reaches_the_program(folder, sig):
    p = started(folder, "wait")
    os.kill(p.pid, sig)
    assert p.wait(timeout=gt.TIMEOUT) == -sig and not list((folder / "tmp").iterdir())


def test_a_program_that_handles_the_signal_decides(folder):
    p = started(folder, "handle")
    os.kill(p.pid, signal.SIGTERM)
    assert p.wait(timeout=gt.TIMEOUT) == 33 and not list((folder / "tmp").iterdir())


@pytest.mark.parametrize("mode, status", [("wait", -signal.SIGINT), ("handle", 34)])
def test_a_key_of_the_terminal(folder, mode, status):
    """It goes to the whole group: the program's answer to it is ours."""
    p = started(folder, mode)
    os.killpg(p.pid, signal.SIGINT)
    assert p.wait(timeout=gt.TIMEOUT) == status and not list((folder / "tmp").iterdir())


def test_a_signal_while_it_compiles(folder):
    fake = folder / "clang-19"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && exec clang-19 --version\necho ready\nexec sleep 60\n')
    fake.chmod(0o755)
    p = subprocess.Popen([gt.GODWIT, "run", "prog.c"], cwd=folder, stdout=subprocess.PIPE, text=True,
                         env=gt.environment(TMPDIR=folder / "tmp", GODWIT_CLANG=fake))
    assert p.stdout.readline() == "ready\n"
    os.kill(p.pid, signal.SIGTERM)
    assert p.wait(timeout=gt.TIMEOUT) == -signal.SIGTERM and not list((folder / "tmp").iterdir())


def test_compiling_fails(folder):
    (folder / "bad.c").write_text("int main(void) { return x; }\n")
    r = run("bad.c", folder=folder)
    assert r.status == 1 and "bad.c:1:25: error" in r.stderr, r
    r = run("nowhere.c", folder=folder)
    assert r.status == 1 and "nowhere.c" in r.stderr, r


def test_bad_usage(folder):
    for args in ((), ("--", "x"), ("prog.c", "-o", "x"), ("prog.c", "-c"), ("prog.c", "-shared"), ("-race",)):
        r = run(*args, folder=folder)
        assert r.status == 64 and len(r.stderr.splitlines()) == 1, (args, r)


def test_no_place_for_the_folder(folder):
    r = gt.run(gt.GODWIT, "run", "prog.c", cwd=folder, env={"TMPDIR": "/nowhere"})
    assert r.status == 125 and "TMPDIR" in r.stderr and len(r.stderr.splitlines()) == 1, r


def test_race(folder):
    """The whole way: one command, status 66, the place and the name."""
    (folder / "race.c").write_text("#include <pthread.h>\n#include <stddef.h>\nint hits;\n"
                                   "void *f(void *p) {\n  hits++;\n  return p;\n}\n"
                                   "int main(void) {\n  pthread_t t;\n  pthread_create(&t, NULL, f, NULL);\n  hits++;\n"
                                   "  return pthread_join(t, NULL);\n}\n")
    r = run("-race", "race.c", folder=folder)
    assert r.status == 66 and "error: data race on 'hits' (4 bytes) [GW1001]" in r.stderr, r
    assert "race.c:5:" in r.stderr and "race.c:11:" in r.stderr
    assert run("race.c", folder=folder) == gt.Result(0, "", "")
