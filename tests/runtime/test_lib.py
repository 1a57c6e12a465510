"""The library on top of the runtime: contexts, error groups, pools, maps, limiters. Each C file in programs/ checks the
properties that tests/README.md lists; here it is built by every compiler, plain and with -race, and run on 1, 2 and 64
processors. Then what only a whole process shows."""

import shutil

import pytest

import godwit_testing as gt

HERE = gt.REPO / "tests" / "runtime" / "programs"
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror"]
PROGRAMS = ["contexts", "errgroups", "pools", "maps", "limiters", "lib_threads"]
SEEDED = ["contexts", "maps"]  # take a seed


@pytest.fixture(scope="module")
def built(programs, tmp_path_factory):
    """A program of programs/, or the text of one, by a compiler of one's own or by godwit-clang -race."""
    folder, done = tmp_path_factory.mktemp("lib"), {}

    def build(source, kind):
        path = HERE / f"{source}.c" if "\n" not in source else source
        if kind == "race":
            return programs(path, "-O1")
        if (source, kind) not in done:
            out = folder / f"{len(done)}"
            if path is source:
                path = out.with_suffix(".c")
                path.write_text(source)
            cc = shutil.which(kind)
            assert cc, f"{kind} is needed for this test"
            r = gt.run(cc, "-g", "-O2", *WARNINGS, f"-I{gt.REPO / 'include'}", path, "-o", out,
                       gt.BUILD / "lib/godwit/libgodwit.a", "-lpthread")
            assert (r.status, r.stderr) == (0, ""), r
            done[source, kind] = out
        return done[source, kind]

    return build


@pytest.mark.parametrize("procs", [1, 2, 64])
@pytest.mark.parametrize("kind", ["gcc", "clang-19", "race"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(built, name, kind, procs):
    r = gt.run(built(name, kind), env={"GOMAXPROCS": procs})
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("kind", ["gcc", "race"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_under_stress(built, name, kind, full):
    for _ in range(50 if full else 1):
        r = gt.run(built(name, kind), env={"GOMAXPROCS": 3, "GODWIT": "stress=all"})
        assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("name", SEEDED)
def test_other_seeds(built, name, full):
    for seed in range(2, 200 if full else 6):
        for kind in ("gcc", "race"):
            r = gt.run(built(name, kind), seed, env={"GOMAXPROCS": 1 + seed % 3})
            assert (r.status, r.stderr) == (0, ""), f"seed {seed}: {r}"


STUCK = """#include <godwit.h>
int main(void) {
  gw_ctx *c = gw_ctx_with_timeout(gw_ctx_background(), 1000 * GW_S);
  %s
  gw_recv(gw_ctx_done(gw_ctx_background()));
}
"""


@pytest.mark.parametrize("end", ["gw_ctx_cancel(c);", "gw_ctx_free(c);"])
def test_an_ended_context_keeps_no_timer(built, end):
    """Its deadline is no reason any more to wait for anything: all are asleep."""
    r = gt.run(built(STUCK % end, "gcc"))
    assert r.status == 2 and r.stderr.startswith("fatal error: all goroutines are asleep - deadlock!\n"), r
    assert "goroutine 1 [chan receive (nil chan)]:" in r.stderr, r


def test_all_asleep_in_a_limiter(built):
    r = gt.run(built("#include <godwit.h>\nint main(void) {\n  gw_limiter l = {0};\n  gw_limiter_wait(&l, NULL);\n}\n",
                     "gcc"))
    assert r.status == 2 and r.stderr.startswith("fatal error: all goroutines are asleep - deadlock!\n"), r


LEAVING = """#include <godwit.h>
#include <stdio.h>
static void body(int how) {
  if (how == 1) gw_goexit();
  if (how == 2) gw_panic("out");
}
static void trying(int how) { gw_try(NULL, body, how); }
int main(void) {
  gw_waitgroup all = {0};
  for (int how = 0; how < 3; how++) gw_waitgroup_go(&all, trying, how);
  gw_waitgroup_go(&all, body, 1);
  gw_waitgroup_wait(&all);
  gw_waitgroup_go(&all, body, 2);
  gw_waitgroup_wait(&all);
  gw_sleep(100 * GW_S);
}
"""


def test_waitgroup_go_is_done_however_its_function_ends(built):
    """By a return, gw_goexit or a panic; one that nobody catches still ends the process in Go's words."""
    r = gt.run(built(LEAVING, "gcc"))
    assert r.status == 2 and r.stderr.startswith("panic: out\n\ngoroutine "), r


BLOCKS = """#include <godwit.h>
#include <stdio.h>
#include "barrier.h"
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  __block int shared = 1;
  gw_go_b(^{
    shared = 2;
    gw_send(c, 1);
  });
  gw_recv(c);
  printf("%d\\n", shared);
  %s
}
"""


def test_blocks_under_race(build, tmp_path):
    """What a block captured by __block moves to the heap with it, and is judged there."""
    for end, found in (("", 0), ("gw_go_b(^{ IN_TURN(1, shared++); });\n  IN_TURN(2, shared++);", 66)):
        out = gt.compile_c(_write(tmp_path / "blocks.c", BLOCKS.replace("%s", end)), tmp_path / "blocks", "-fblocks")
        r = gt.run_race(out, folder=tmp_path)
        assert r.status == found and r.result.stdout == "2\n", r


def _write(path, text):
    path.write_text(text)
    return path


DECLARATIONS = """#include <godwit.h>
int good(int); void no_int(int); long too_long(int); int with_double(double);
gw_errgroup *g; gw_map map; gw_pool pool; gw_ctx *c;
void test(void) { %s }
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_must_not_compile(compiler, tmp_path):
    wrong = []
    for code, fine in [("gw_errgroup_go(g, good, 1);", True), ("gw_errgroup_go(g, no_int, 1);", False),
                       ("gw_errgroup_go(g, too_long, 1);", False), ("gw_errgroup_go(g, with_double, 1);", False),
                       ("gw_errgroup_go(g, good);", False), ("gw_errgroup_go(c, good, 1);", False),
                       ("gw_chan(char) d = gw_ctx_done(c); (void)d;", True), ("gw_chan(int) d = gw_ctx_done(c); (void)d;", False)]:
        r = gt.run(compiler, "-fsyntax-only", "-Werror=incompatible-pointer-types", f"-I{gt.REPO / 'include'}",
                   _write(tmp_path / "x.c", DECLARATIONS % code))
        if (r.status == 0) != fine:
            wrong.append(code)
    assert not wrong
