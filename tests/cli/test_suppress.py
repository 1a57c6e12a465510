"""Suppressions and ignore lists: what is hidden, what is counted, what is said of entries that are wrong or stale."""

import json
import subprocess

import pytest

import cli_testing as ct
import godwit_testing as gt

RACES = r"""
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static long x, y;
static _Atomic int ready;
static void add_x(void) { x++; }
static void add_y(void) { y++; }
static void *add_both(void *p) { add_x(); add_y(); return p; }
static void *wait_ready(void *p) { while (!atomic_load(&ready)) { } add_x(); return p; }
static void pair(void *(*f)(void *)) {
  pthread_t a, b;
  pthread_create(&a, NULL, f, NULL);
  pthread_create(&b, NULL, f, NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}
#ifdef DEFAULTS
const char *__tsan_default_suppressions(void) { return "race:^add_x$\nrace:nobody\n"; }
#endif
int main(int argc, char **argv) {
  if (argc > 1 && chdir("/") != 0) return 9;
  if (argc > 1 && strcmp(argv[1], "fork") == 0) {
    if (fork() == 0) { pair(add_both); _exit(3); }
    int status;
    wait(&status);
    printf("child %d\n", WEXITSTATUS(status));
    return 0;
  }
  add_x(); /* before the threads: a write of its own, released */
  atomic_store(&ready, 1);
  pair(wait_ready);
  pair(add_both);
  return 5;
}
"""


@pytest.fixture(scope="module")
def races(programs):
    return programs(RACES, "-O0")


def run(program, text, *args, folder, options="", **kwargs):
    (folder / "supp").write_text(text)
    return gt.run_race(program, *args, folder=folder, cwd=folder, options=f"suppressions=supp {options}", **kwargs)


def names(r):
    return sorted({f["variable"]["name"] for f in r.findings})


def test_what_is_hidden_does_not_count(races, tmp_path):
    r = run(races, "# a comment\n\n  race:^add_x$  \nrace:add_y\r\n", folder=tmp_path)
    assert (r.status, r.findings, r.result.stderr) == (5, [], ""), r.result
    r = run(races, "race:add_x\n", folder=tmp_path)
    assert r.status == 66 and names(r) == ["y"] and r.result.stderr == "", r.result


def test_a_stop_at_the_first_finding_is_one_at_the_first_shown(races, tmp_path):
    r = run(races, "race:add_x\n", folder=tmp_path, options="halt_on_error=1")
    assert r.status == 66 and names(r) == ["y"]
    assert run(races, "race:add_*\n", folder=tmp_path, options="halt_on_error=1").status == 5


def test_counts(races, tmp_path):
    r = run(races, "race:^add_x$\nrace:^add_y$\n", folder=tmp_path, options="print_suppressions=1")
    lines = r.result.stderr.splitlines()
    assert lines[0] == "godwit: 2 of 2 suppressions matched:" and len(lines) == 3, r.result
    assert [line.split(maxsplit=1)[1] for line in lines[1:]] == ["race:^add_x$ (supp:1)", "race:^add_y$ (supp:2)"]
    assert all(int(line.split()[0]) >= 1 for line in lines[1:])


def test_stale_ones_are_named(races, tmp_path):
    r = run(races, "race:add_\nrace:gone\nsignal:never\nGW1006:old\n", folder=tmp_path)
    assert r.status == 5
    assert r.result.stderr == ("godwit: warning: 2 suppressions matched nothing in this run: race:gone (supp:2), "
                               "GW1006:old (supp:4)\n")


def test_wrong_lines_are_named_and_the_others_hold(races, tmp_path):
    r = run(races, "races:x\nrace:add_\nadd_x\nrace:\n", folder=tmp_path)
    assert (r.status, r.findings) == (5, [])
    said = r.result.stderr.splitlines()
    assert [line.split(": ")[2] for line in said] == ["supp:1", "supp:3", "supp:4"] and "race_top" in said[0], said


@pytest.mark.parametrize("what", ("missing", "folder"))
def test_a_file_that_cannot_be_read(what, races, tmp_path):
    if what == "folder":
        (tmp_path / what).mkdir()
    r = gt.run_race(races, folder=tmp_path, options=f"suppressions={tmp_path}/{what}")
    assert r.status == 66 and names(r) == ["x", "y"]
    assert f"cannot read the suppressions {tmp_path}/{what}" in r.result.stderr, r.result


def test_the_file_is_read_at_the_start(races, tmp_path):
    """Where it is a relative name, and the program changes its folder."""
    assert run(races, "race:add_\n", "elsewhere", folder=tmp_path).status == 5


def test_a_forked_child_counts_for_itself(races, tmp_path):
    r = run(races, "race:add_x\n", "fork", folder=tmp_path)
    assert (r.status, r.result.stdout) == (0, "child 66\n") and names(r) == ["y"], r.result
    assert r.result.stderr.count("matched nothing") == 1, "only the first process warns"
    assert run(races, "race:add_*\n", "fork", folder=tmp_path).result.stdout == "child 3\n"


def test_the_programs_own(programs, tmp_path):
    program = programs(RACES, "-O0", "-DDEFAULTS")
    r = gt.run_race(program, folder=tmp_path)
    assert (r.status, names(r), r.result.stderr) == (66, ["y"], ""), r.result
    r = run(program, "race:add_y\n", folder=tmp_path, options="print_suppressions=1")
    assert r.status == 5 and "race:^add_x$ (__tsan_default_suppressions:1)" in r.result.stderr, r.result
    assert "nothing" not in r.result.stderr, "what is compiled in isn't called stale"


@pytest.mark.parametrize("entry, hides", [
    ("race:deposit", True), ("race:audit", True), ("race:depos", True), ("race:^posit", False), ("race:dep*t$", True),
    ("race:^deposit$", True), ("race:^depos$", False), ("race:bank.c", True), ("race:*bank.c$", True), ("race:/bank$", True),
    ("race:the_acct", True), ("race:^the_acct$", True), ("race:other", False), ("race:*", True), ("race:a*d*t", True),
    ("race_top:^add$", True), ("race_top:^deposit$", False), ("called_from_lib:bank", True),
    ("called_from_lib:libc.so", False), ("deadlock:deposit", False), ("mutex:deposit", False), ("thread:deposit", False),
    ("GW1001:deposit", True), ("GW1002:deposit", False), ("race:main", True), ("signal:*", False)])
def test_patterns(entry, hides, bank, tmp_path):
    """The later access is in add (inlined), deposit, teller; the earlier one in audit, main; on the_acct."""
    lines = [json.dumps({"suppressions": [{"file": "f", "text": entry}]}), json.dumps(ct.race(bank))]
    p = subprocess.run([gt.GODWIT, "symbolize"], input="\n".join(lines) + "\n", text=True, capture_output=True,
                       cwd=tmp_path, check=True)
    assert p.stdout.startswith("0\n")
    assert p.stdout.startswith("0\n13\nsuppressed 0\n") == hides, p.stdout


IGNORED = r"""
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
static long x, y, data;
static char buffer[64];
static _Atomic int ready;
static void in_x(void) { x++; memset(buffer, 1, sizeof buffer); }
static void publish(void) { data = 1; atomic_store(&ready, 1); }
static void *first(void *p) { in_x(); y++; publish(); return p; }
static void *second(void *p) { in_x(); y++; while (!atomic_load(&ready)) { } return (void *)(data ? p : NULL); }
int main(void) {
  pthread_t a, b;
  pthread_create(&a, NULL, first, NULL);
  pthread_create(&b, NULL, second, NULL);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  return 0;
}
"""


@pytest.mark.parametrize("level", ("-O0", "-O2"))
@pytest.mark.parametrize("text, found", [
    ("fun:in_x\nfun:publish\n", ["y"]), ("[thread]\nfun:in_*\n", ["y"]), ("[race]\nfun:in_x\n", ["y"]),
    ("[address]\nfun:in_x\n", ["buffer", "x", "y"]), ("src:*ignored.c\n", []), ("mainfile:*ignored.c\n", [])])
def test_ignore_lists(text, found, level, build, tmp_path):
    """Plain accesses go unchecked; what an ignored function synchronises still counts."""
    (tmp_path / "ignored.c").write_text(IGNORED)
    (tmp_path / "list").write_text(text)
    program = gt.compile_c(tmp_path / "ignored.c", tmp_path / "ignored", level,
                           f"-fsanitize-ignorelist={tmp_path}/list")
    r = gt.run_race(program, folder=tmp_path)
    assert {(f["variable"]["name"] or "").split("[")[0] for f in r.findings} == set(found), r.result
    assert r.status == (66 if found else 0)


def test_an_ignore_list_that_is_not_there(build, tmp_path):
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    r = gt.run(gt.GODWIT, "cc", "-race", "-fsanitize-ignorelist=nowhere", "-c", "a.c", cwd=tmp_path)
    assert r.status == 1 and "nowhere" in r.stderr, r
    (tmp_path / "bad").write_text("fun\n")
    r = gt.run(gt.GODWIT, "cc", "-race", "-fsanitize-ignorelist=bad", "-c", "a.c", cwd=tmp_path)
    assert r.status == 1 and "bad" in r.stderr, r
