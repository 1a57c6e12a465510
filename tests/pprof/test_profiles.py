"""Profiles against what programs did: counts, delays, lines, for every way to link a program."""

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import godwit_testing as gt
import pprof_testing as pt

ROUNDS, WAIT_NS = 20, 5_000_000


def close(value, wanted, slack=0.05):
    return abs(value - wanted) <= slack * wanted


def lock_delay(block):
    """What contend waited for the lock, by the block profile."""
    return sum(s.values[1] for s in block.with_function("contend") if s.stack[0][0] == "gw_mutex_lock")


@pytest.fixture(scope="module")
def known(programs, tmp_path_factory):
    """The profiles of known.c; in the file "waited", between which bounds its waits must lie."""
    base = tmp_path_factory.mktemp("known") / "p"
    r = gt.run(programs(pt.PROGRAMS / "known.c", "-O1", race=False), base)
    assert r.status == 0 and not r.stderr, r
    (base.parent / "waited").write_text(r.stdout)
    return base


def bounds(known):
    """(least, most) of what main waited for values, and for the lock."""
    return [tuple(map(int, line.split())) for line in (known.parent / "waited").read_text().splitlines()]


def test_goroutines(known):
    p = pt.read(f"{known}.goroutine")
    assert p.types == [("goroutine", "count")] and p.default == "goroutine"
    (parked,) = p.with_function("parked")
    assert parked.values == [7] and parked.labels["state"] == "chan receive"
    source = str(pt.PROGRAMS / "known.c")
    assert [f[0] for f in parked.stack] == ["gw_recv", "parked"]
    assert parked.stack[1] == ("parked", source, pt.line_of("known.c", "parked"))
    assert parked.labels["created_by"] == f"main {source}:{pt.line_of('known.c', 'go')}"
    (writer,) = p.with_function("main")
    assert writer.labels["phase"] == "writing" and writer.labels["name"] == "the writer"
    assert writer.stack[-1][0] == "main"


def test_block_counts_and_delays(known):
    p = pt.read(f"{known}.block")
    assert p.types == [("contentions", "count"), ("delay", "nanoseconds")] and p.default == "delay"
    assert p.total(0, "receive_all") == ROUNDS
    least, most = bounds(known)[0]
    assert ROUNDS * WAIT_NS <= least <= p.total(1, "receive_all") <= most
    (inlined,) = p.with_function("receive_all")
    assert [f[0] for f in inlined.stack] == ["gw_recv", "receive_inlined", "receive_all", "main"]
    assert inlined.stack[1][2] == pt.line_of("known.c", "inlined")
    assert inlined.stack[2][2] == pt.line_of("known.c", "receive_all")


def test_mutex_time_is_charged_to_the_unlock(known):
    mutex, block = pt.read(f"{known}.mutex"), pt.read(f"{known}.block")
    assert mutex.total(0) == ROUNDS == mutex.total(0, "holder")
    (held,) = mutex.with_function("holder")
    assert held.stack[0][0] == "gw_mutex_unlock" and held.stack[1][2] == pt.line_of("known.c", "unlock")
    locks = [s for s in block.with_function("contend") if s.stack[0][0] == "gw_mutex_lock"]
    assert sum(s.values[0] for s in locks) == ROUNDS
    assert locks[0].stack[1][2] == pt.line_of("known.c", "lock")
    least, most = bounds(known)[1]
    assert least <= mutex.total(1) <= most and least <= lock_delay(block) <= most, "who waits and who makes wait agree"


def test_threads(known):
    assert pt.read(f"{known}.threadcreate").total(0) >= 2


def test_texts(known):
    goroutine = open(f"{known}.goroutine.1").read()
    assert re.match(r"goroutine profile: total \d+\n7 @ 0x[0-9a-f]+ 0x[0-9a-f]+\n", goroutine), goroutine
    assert re.search(r"^#\t0x[0-9a-f]+\tparked\+0x[0-9a-f]+\t+/.*known\.c:%d$" % pt.line_of("known.c", "parked"),
                     goroutine, re.M)
    block = open(f"{known}.block.1").read()
    assert re.match(r"--- contention:\ncycles/second=1000000000\n\d+ \d+ @( 0x[0-9a-f]+)+\n#\t", block), block
    mutex = open(f"{known}.mutex.1").read()
    assert mutex.startswith("--- mutex:\ncycles/second=1000000000\nsampling period=1\n")
    dump = open(f"{known}.goroutine.2").read()
    assert len(re.findall(r"^goroutine \d+ \[chan receive\]:$", dump, re.M)) == 7
    assert re.search(r"^goroutine 1 \"the writer\" \[running\]:$", dump, re.M)
    assert "created by main in goroutine 1" in dump


def test_two_texts_have_the_same_columns(known):
    """Places in one stack stand in one column, as Go aligns them."""
    for stack in open(f"{known}.block.1").read().split("\n\n"):
        columns = {line.expandtabs(8).rindex(" ") for line in stack.splitlines() if line.startswith("#\t")}
        assert len(columns) <= 1, stack


@pytest.mark.parametrize("flags", [["-no-pie", "-fno-pie"], ["-fPIE", "-pie"], ["-fuse-ld=lld"], ["-static"], ["-O2"]],
                         ids=["non-pie", "pie", "lld", "static", "optimized"])
def test_linked_any_way(programs, flags, tmp_path):
    r = gt.run(programs(pt.PROGRAMS / "known.c", *flags, race=False), tmp_path / "p")
    assert r.status == 0 and not r.stderr, r
    (parked,) = pt.read(tmp_path / "p.goroutine").with_function("parked")
    assert parked.values == [7] and parked.stack[1][2] == pt.line_of("known.c", "parked")


def test_under_race(programs, tmp_path):
    r = gt.run(programs(pt.PROGRAMS / "known.c", "-O1"), tmp_path / "p")
    assert r.status == 0 and not r.stderr, r
    assert pt.read(tmp_path / "p.block").total(0, "receive_all") == ROUNDS
    (parked,) = pt.read(tmp_path / "p.goroutine").with_function("parked")
    assert parked.values == [7]


def test_stripped_and_without_a_symbolizer(tmp_path):
    """Addresses, mappings and build ids are there, and tools find the names from a file that has them."""
    whole, program = tmp_path / "whole", tmp_path / "known"
    library = gt.BUILD / "lib" / "godwit" / "libgodwit.a"
    subprocess.run(["gcc", "-g", "-O1", "-fno-omit-frame-pointer", "-Wl,--build-id", f"-I{gt.BUILD / 'include'}",
                    pt.PROGRAMS / "known.c", library, "-lpthread", "-ldl", "-lm", "-o", whole], check=True)
    subprocess.run(["strip", "-o", program, whole], check=True)
    r = gt.run(program, tmp_path / "p", env={"PATH": "/nowhere"})
    assert r.status == 0 and r.stderr.count("profiles have addresses only") == 1, r
    p = pt.read(tmp_path / "p.goroutine")
    ids = subprocess.run(["readelf", "-n", program], capture_output=True, text=True).stdout
    assert p.build_ids()[0] and p.build_ids()[0] in ids
    assert not p.with_function("parked") and p.addresses
    assert len([s for s in p.samples if s.values == [7]]) == 1
    if shutil.which("go"):
        assert re.search(r"\bparked$", pt.go_pprof("-top", whole, tmp_path / "p.goroutine"), re.M)


def test_stripped_with_a_symbolizer(programs, tmp_path):
    """The command can't know names either: the profile must not claim to have them."""
    program = tmp_path / "known"
    subprocess.run(["strip", "-o", program, programs(pt.PROGRAMS / "known.c", "-O1", race=False)], check=True)
    r = gt.run(program, tmp_path / "p")
    assert r.status == 0, r
    p = pt.read(tmp_path / "p.goroutine")
    assert p.mappings[0].get(7, 0) == 0 and not p.with_function("parked")


def test_stripped_with_its_debug_file_apart(programs, tmp_path):
    """As distributions do it: the symboliser follows the link."""
    program, debug = tmp_path / "known", tmp_path / "known.debug"
    shutil.copy(programs(pt.PROGRAMS / "known.c", "-O1", race=False), program)
    subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True)
    subprocess.run(["strip", program], check=True)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True, cwd=tmp_path)
    r = gt.run(program, tmp_path / "p")
    assert r.status == 0 and not r.stderr, r
    (parked,) = pt.read(tmp_path / "p.goroutine").with_function("parked")
    assert parked.values == [7] and parked.stack[1][2] == pt.line_of("known.c", "parked")


def test_every_profile_by_protoc(known, tmp_path):
    if not shutil.which("protoc"):
        pytest.skip("protoc is not installed")
    for name in ("goroutine", "block", "mutex", "threadcreate"):
        p = pt.read(f"{known}.{name}")
        text = pt.protoc_decode(p, tmp_path)
        assert pt.known_fields_only(text), text[:2000]
        assert text.count("\nsample {") == len(p.samples)
        assert [int(v) for v in re.findall(r"^  value: (\d+)$", text, re.M)] == [v for s in p.samples for v in s.values]


@pt.needs_go
def test_go_tool_pprof(known, tmp_path):
    top = pt.go_pprof("-top", f"{known}.block")
    assert re.search(r"Type: delay", top) and re.search(r"\bgw_recv$", top, re.M)
    traces = pt.go_pprof("-traces", "-lines", f"{known}.goroutine")
    assert f"known.c:{pt.line_of('known.c', 'parked')}" in traces and "created_by:" in traces
    listing = pt.go_pprof("-list", "receive_all", f"{known}.block")
    assert re.search(r"^\s+\.\s+\d+.*ms\s+%d:.*receive_inlined" % pt.line_of("known.c", "receive_all"), listing, re.M)
    diff = pt.go_pprof("-top", "-diff_base", f"{known}.block", f"{known}.block")
    assert re.search(r"Showing nodes accounting for 0, 0% of", diff)


@pt.needs_go
def test_go_tool_pprof_draws_and_serves(known, tmp_path, full):
    if not full or not shutil.which("dot"):
        pytest.skip("a long test that needs graphviz")
    pt.go_pprof("-svg", "-output", tmp_path / "graph.svg", f"{known}.block")
    assert "receive_all" in (tmp_path / "graph.svg").read_text()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen(["go", "tool", "pprof", f"-http=127.0.0.1:{port}", "-no_browser", f"{known}.block"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for page in ("top", "flamegraph", "peek"):
            for _ in range(10 * gt.TIMEOUT):
                try:
                    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/ui/{page}").read().decode()
                    break
                except urllib.error.URLError:
                    time.sleep(0.1)
            assert "receive_all" in text, page
    finally:
        p.kill()
        p.wait()


def test_cpu_by_goroutine_and_label(programs, tmp_path):
    path = tmp_path / "cpu"
    r = gt.run(programs(pt.PROGRAMS / "burn.c", "-O1", race=False), env={"GODWIT": f"cpuprofile={path}"})
    assert r.status == 0 and not r.stderr, r
    p = pt.read(path)
    assert p.types == [("samples", "count"), ("cpu", "nanoseconds")]
    by_label = {}
    for s in p.samples:
        by_label[s.labels.get("task")] = by_label.get(s.labels.get("task"), 0) + s.values[1]
    assert close(by_label["large"], 600_000_000, 0.15) and close(by_label["small"], 300_000_000, 0.15), by_label
    spinning = [s for s in p.with_function("burn") if s.stack[0][0] == "spin"]
    assert sum(s.values[1] for s in spinning) > 0.9 * p.total(1)
    assert all(s.stack[0][2] == pt.line_of("burn.c", "spin") for s in spinning)
    assert len({s.labels["goroutine"] for s in spinning}) == 2


RESTARTED = """
#include <stdio.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#include <godwit.h>
static volatile long sink;
static __attribute__((noinline)) void burn(int ms) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  int64_t end = t.tv_sec * GW_S + t.tv_nsec + ms * GW_MS, now = 0;
  while (now < end) {
    for (int i = 0; i < 10000; i++) sink++;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    now = t.tv_sec * GW_S + t.tv_nsec;
  }
}
static int write_to(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
  return gw_pprof_write("cpu", fd, 0) | close(fd);
}
int main(int argc, char **argv) {
  int bad = argc != 3;
  bad |= gw_set_cpu_profile_rate(100) | gw_set_cpu_profile_rate(100);
  burn(200);
  bad |= gw_set_cpu_profile_rate(0);
  burn(200);
  bad |= write_to(argv[1]);
  for (int i = 0; i < 20; i++) bad |= gw_set_cpu_profile_rate(500) | gw_set_cpu_profile_rate(0);
  bad |= gw_set_cpu_profile_rate(500);
  burn(100);
  bad |= write_to(argv[2]) | gw_set_cpu_profile_rate(0);
  return bad;
}
"""


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_cpu_on_and_off(programs, race, tmp_path):
    r = gt.run(programs(RESTARTED, "-O1", race=race), tmp_path / "first", tmp_path / "second")
    assert r.status == 0 and not r.stderr, r
    first, second = pt.read(tmp_path / "first"), pt.read(tmp_path / "second")
    assert close(first.total(1), 200e6, 0.25), "what was used while it was off isn't in it"
    assert close(second.total(1), 100e6, 0.25), "and it begins anew"
    assert [dict(pt.fields(p.raw))[12] for p in (first, second)] == [10_000_000, 2_000_000]


LEAF = """
#include <string.h>
#include <time.h>
#include <godwit.h>
static char a[1 << 15], b[1 << 15];
static __attribute__((noinline)) void copy(void) {
  for (int i = 0; i < 200; i++) memcpy(a, b, sizeof a);
  __asm__ volatile("" : : "r"(a) : "memory");
}
static __attribute__((noinline)) void caller(void) {
  for (clock_t end = clock() + CLOCKS_PER_SEC * 3 / 10; clock() < end;) copy();
}
int main(void) {
  caller();
  return 0;
}
"""


def test_the_caller_of_a_library_s_leaf_is_there(programs, tmp_path):
    """libc's functions have no frame pointers: what calls memcpy must not be lost for that."""
    path = tmp_path / "cpu"
    r = gt.run(programs(LEAF, "-O1", "-fno-builtin", race=False), env={"GODWIT": f"cpuprofile={path}"})
    assert r.status == 0 and not r.stderr, r
    p = pt.read(path)
    assert p.total(0) >= 10 and p.total(0, "copy") > 0.9 * p.total(0)
    assert all(s.stack[1][0] == "copy" and s.stack[2][0] == "caller" for s in p.samples if "mem" in s.stack[0][0])


SAMPLED = """
#include <godwit.h>
static void sender(gw_chan(int) c, int n) { for (int i = 0; i < n; i++) { gw_send(c, i); if (i % 64 == 0) gw_yield(); } gw_close(c); }
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(sender, c, 300000);
  gw_range(v, c) (void)v;
  return 0;
}
"""


def test_sampling_has_no_bias(programs, tmp_path):
    """What a sampled profile estimates is what a whole one counts: waits here are much shorter than the rate."""
    program = programs(SAMPLED, "-O1", race=False)
    totals = []
    for rate in (1, 5000):
        r = gt.run(program, env={"GODWIT": f"blockprofile={tmp_path / 'b'} blockprofilerate={rate} maxprocs=1"})
        assert r.status == 0 and not r.stderr, r
        totals.append(pt.read(tmp_path / "b").total(0))
    assert close(totals[1], totals[0], 0.1), totals


def test_on_a_signal(programs, tmp_path):
    """GODWIT=profilesignal writes what there is, numbered, and the program goes on."""
    source = """
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <godwit.h>
static void parked(gw_chan(int) here, gw_chan(int) c) {
  gw_send(here, 1);
  gw_recv(c);
}
int main(int argc, char **argv) {
  struct stat st;
  gw_chan(int) here = gw_make(int, 0);
  gw_go(parked, here, gw_make(int, 0));
  gw_recv(here);
  for (int i = 1; i < argc; i++) {
    raise(SIGUSR1);
    while (stat(argv[i], &st) != 0 || st.st_size == 0) gw_sleep(GW_MS);
  }
  return 0;
}
"""
    path = tmp_path / "g"
    r = gt.run(programs(source, race=False), f"{path}.1", f"{path}.2",
               env={"GODWIT": f"goroutineprofile={path} profilesignal=10"})
    assert r.status == 0 and not r.stderr, r
    for name in (f"{path}.1", f"{path}.2", path):
        assert len(pt.read(name).with_function("parked")) == 1


def test_a_forked_child_leaves_the_files_alone(programs, tmp_path):
    source = """
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <godwit.h>
static void parked(gw_chan(int) c) { gw_recv(c); }
int main(void) {
  int status;
  for (int i = 0; i < 3; i++) gw_go(parked, gw_make(int, 0));
  gw_yield();
  pid_t pid = fork();
  if (pid == 0) exit(gw_pprof_write("goroutine", 1, 1));
  waitpid(pid, &status, 0);
  return status != 0;
}
"""
    r = gt.run(programs(source, race=False), env={"GODWIT": f"goroutineprofile={tmp_path / 'g'}"})
    assert r.status == 0 and not r.stderr, r
    assert "goroutine profile: total 1\n" in r.stdout
    assert pt.read(tmp_path / "g").total(0, "parked") == 3


LEAKS = """
#include <stdio.h>
#include "parked.h"
static gw_chan(int) kept;
static void leaked(gw_chan(int) c) { gw_recv(c); }
static void fine(gw_chan(int) c) { gw_recv(c); }
static __attribute__((noinline)) void start(void) { for (int i = 0; i < 3; i++) gw_go(leaked, gw_make(int, 0)); }
static __attribute__((noinline)) void wipe(void) { volatile char a[8192]; for (int i = 0; i < 8192; i++) a[i] = 0; }
int main(void) {
  kept = gw_make(int, 0);
  start();
  gw_go(fine, kept);
  await_parked(4, "chan receive");
  wipe();
  return gw_pprof_write("goroutineleak", 1, 1);
}
"""


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_leaks(programs, race):
    """What nothing can reach is there, what a global leads to is not."""
    r = gt.run(programs(LEAKS, "-O1", race=race))
    assert r.status == 0 and r.stdout.startswith("goroutineleak profile: total 3\n3 @"), r
    assert "leaked+0x" in r.stdout and "fine" not in r.stdout


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_leaks_beside_a_main_that_was_never_suspended(programs, race):
    source = LEAKS.replace("await_parked", "see_parked")
    r = gt.run(programs(source, "-O1", race=race), env={"GOMAXPROCS": "2"})
    assert r.status == 0 and r.stdout.startswith("goroutineleak profile: total 3\n3 @"), r


HEAP = """
#include <stdlib.h>
#include <godwit.h>
enum { LARGE = 8 << 20, SMALL = 4096, MANY = 60000 };
static void *kept[MANY];
static __attribute__((noinline)) void large(void) {
  for (int i = 0; i < 10; i++) kept[i] = malloc(LARGE);
  for (int i = 0; i < 4; i++) free(kept[i]);
  __asm__ volatile("");
}
static __attribute__((noinline)) void resized(void) {
  kept[10] = realloc(malloc(LARGE), 2 * LARGE);
  __asm__ volatile("");
}
static __attribute__((noinline)) void small(void) {
  for (int i = 11; i < MANY; i++) kept[i] = i % 2 ? malloc(SMALL) : calloc(1, SMALL);
  __asm__ volatile("");
}
static void work(gw_chan(int) c) {
  large();
  resized();
  small();
  gw_send(c, 1);
}
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(work, c);
  gw_recv(c);
  return kept[MANY - 1] == NULL;
}
"""


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_heap(programs, race, tmp_path):
    """Large blocks are sampled for certain, so their numbers are exact; of small ones there's an estimate."""
    path = tmp_path / "heap"
    r = gt.run(programs(HEAP, "-O1", race=race), env={"GODWIT": f"heapprofile={path}"})
    assert r.status == 0 and not r.stderr, r
    p = pt.read(path)
    assert [t for t, _ in p.types] == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]
    assert p.default == "inuse_space" and dict(pt.fields(p.raw))[12] == 524288
    (large,) = p.with_function("large")
    assert large.values == [10, 10 * 8 << 20, 6, 6 * 8 << 20] and large.labels["bytes"] == 8 << 20
    (grown,) = [s for s in p.with_function("resized") if s.labels["bytes"] == 16 << 20]
    assert grown.values[2] == 1
    assert p.total(2, "resized") == 1, "what it grew out of is gone"
    assert close(p.total(3, "small"), 59989 * 4096, 0.35), "470 samples: that is seven standard deviations"


def test_a_malloc_of_the_program_s_own(programs):
    """Ours gives way."""
    source = """
#include <stddef.h>
#include <godwit.h>
static _Alignas(16) char memory[1 << 20];
static size_t used;
void *malloc(size_t n) {
  size_t at = __atomic_fetch_add(&used, (n + 31) & ~(size_t)15, __ATOMIC_RELAXED) + 16;
  return at + n > sizeof memory ? NULL : memory + at;
}
void free(void *p) { (void)p; }
void *calloc(size_t a, size_t b) { return malloc(a * b); }
void *realloc(void *p, size_t n) { return p ? NULL : malloc(n); }
int main(void) {
  char *volatile p = malloc(10);
  return !(p >= memory && p < memory + sizeof memory);
}
"""
    r = gt.run(programs(source, "-fno-builtin", race=False))
    assert r.status == 0, r


def test_heap_is_unavailable_without_our_malloc(programs, tmp_path):
    r = gt.run(programs(HEAP, "-static", race=False), env={"GODWIT": f"heapprofile={tmp_path / 'heap'}"})
    assert r.status == 0 and "no heap profile in" in r.stderr and "unavailable" in r.stderr, r


def test_errors(programs):
    source = """
#include <errno.h>
#include <stdio.h>
#include <godwit.h>
int main(void) {
  printf("%d", gw_pprof_write("nothing", 1, 0) == -1 && errno == EINVAL);
  printf("%d", gw_pprof_write("cpu", 1, 0) == -1 && errno == ENOTSUP);
  printf("%d", gw_pprof_write("goroutine", -1, 0) == -1 && errno == EBADF);
  printf("%d", gw_set_cpu_profile_rate(-1) == -1 && errno == EINVAL);
  printf("%d", gw_pprof_serve("host.example:1") == -1 && errno == EINVAL);
  printf("%d", gw_set_mutex_profile_fraction(5) == 0 && gw_set_mutex_profile_fraction(-1) == 5);
  return 0;
}
"""
    r = gt.run(programs(source, race=False))
    assert r.status == 0 and r.stdout == "111111", r
