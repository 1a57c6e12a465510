"""Timelines: `godwit trace` in both formats, and what is in them against what the program did."""

import collections
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <godwit.h>
#include <stdlib.h>

static gw_mutex mu;
static long sum;

static void worker(gw_chan(int) in, gw_chan(int) out) {
  gw_set_name("worker");
  gw_range(v, in) {
    gw_mutex_lock(&mu);
    sum += v;
    gw_mutex_unlock(&mu);
    gw_send(out, v);
  }
  gw_close(out);
}
static void feed(gw_chan(int) c) {
  for (int i = 0; i < 100; i++) {
    gw_send(c, i);
    if (i % 25 == 0) gw_sleep(GW_MS);
  }
  gw_close(c);
}
static intptr_t outside(int ms) {
  for (int64_t until = gw_now() + ms * GW_MS; gw_now() < until;) continue;
  return 0;
}
static gw_waitgroup done;
static void blocks(void) {
  gw_blocking(outside, 5);
  gw_waitgroup_done(&done);
}

int main(int argc, char **argv) {
  gw_chan(int) in = gw_make(int, 0), out = gw_make(int, 0);
  gw_go(worker, in, out);
  gw_go(feed, in);
  gw_waitgroup_add(&done, 1);
  gw_go(blocks);
  int n = 0;
  gw_range(v, out) n += v >= 0;
  gw_waitgroup_wait(&done);
  if (argc > 1 && argv[1][0] == 'p') gw_panic("on request");
  return n == 100 ? 7 : 1;
}
"""


def traced(program, tmp_path, *args, form="chrome", status=7):
    out = tmp_path / f"timeline.{form}"
    r = gt.run(gt.GODWIT, "trace", "--format", form, "-o", out, "--", program, *args, env={"GOMAXPROCS": "2"})
    assert r.status == status, r
    return out


def no_overlap(slices):
    """Each ends before the next begins; times are exact to a nanosecond."""
    slices.sort()
    for (a, a_end, a_name), (b, _, b_name) in zip(slices, slices[1:]):
        assert a_end <= b + 0.0015, f"{a_name} [{a}, {a_end}] overlaps {b_name} from {b} on"


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_chrome(programs, tmp_path, race):
    events = json.loads(traced(programs(PROGRAM, race=race), tmp_path).read_text())["traceEvents"]
    tracks, flows, names = collections.defaultdict(list), collections.defaultdict(list), {}
    for e in events:
        if e["ph"] == "X":
            tracks[e["pid"], e["tid"]].append((e["ts"], e["ts"] + e["dur"], e["name"]))
        elif e["ph"] in "sf":
            flows[e["id"]].append(e)
        elif e["name"] == "thread_name":
            names[e["pid"], e["tid"]] = e["args"]["name"]
    for slices in tracks.values():
        no_overlap(slices)
    functions = {name.split(" ", 1)[1] for (pid, _), name in names.items() if pid == 2}
    assert {"main", "worker", "feed", "blocks"} <= functions
    seen = collections.Counter(name for (pid, _), slices in tracks.items() if pid == 2 for _, _, name in slices)
    assert seen["chan send"] + seen["chan receive"] >= 100, seen
    assert seen["sleep"] >= 4 and seen["blocking call"] == 1 and seen["running"] >= 100, seen
    blocking = [(e - b) for slices in tracks.values() for b, e, name in slices if name == "blocking call"]
    assert 5000 <= blocking[0] <= 60e6, "microseconds; the program stays 5 ms"
    running = {pid: sum(e - b for (p, _), slices in tracks.items() if p == pid for b, e, name in slices
                        if pid == 1 or name == "running") for pid in (1, 2)}
    assert abs(running[1] - running[2]) < 1, "what runs on a processor is a goroutine that runs"
    pairs = [pair for pair in flows.values() if len(pair) == 2]
    assert len(pairs) >= 100
    for pair in pairs:
        begin, end = sorted(pair, key=lambda e: e["ph"], reverse=True)
        assert begin["ph"] == "s" and end["ph"] == "f" and begin["ts"] <= end["ts"]
    worker = next(tid for (pid, tid), name in names.items() if pid == 2 and name.endswith(" worker"))
    assert any(f["tid"] == 1 for pair in pairs for f in pair if any(g["tid"] == worker for g in pair)), \
        "an arrow from main to the worker that it starts"


@pytest.mark.skipif(not shutil.which("go"), reason="no `go tool trace` here")
def test_go_reads_it(programs, tmp_path):
    out = traced(programs(PROGRAM, race=False), tmp_path, form="go")
    home = {"HOME": tmp_path, "GOCACHE": tmp_path / "cache"}
    for kind, function in (("sync", "worker|feed"), ("sched", "worker|feed"), ("syscall", "contentions")):
        profile = tmp_path / kind
        r = gt.run("sh", "-c", f"go tool trace -pprof={kind} {out} > {profile} && go tool pprof -raw {profile}", env=home)
        assert r.status == 0 and re.search(function, r.stdout) is not None, r


def test_go_format(programs, tmp_path):
    data = traced(programs(PROGRAM, race=False), tmp_path, form="go").read_bytes()
    assert data[:16] == b"go 1.19 trace\0\0\0"
    at, kinds = 16, collections.Counter()

    def number():
        nonlocal at
        v = shift = 0
        while True:
            byte = data[at]
            at += 1
            v |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return v

    while at < len(data):
        kind, args = data[at] & 0x3f, data[at] >> 6
        at += 1
        kinds[kind] += 1
        if kind == 37:  # a string: its number, its length, its bytes
            number()
            n = number()
            at += n
        elif args == 3:
            n = number()
            at += n
        else:
            for _ in range(args + 1):
                number()
    assert at == len(data)
    assert kinds[13] == 4, "goroutines"
    assert kinds[14] + kinds[41] == sum(kinds[k] for k in (15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 30)), "runs have ends; those of the worker, who has a name, are labelled"
    assert kinds[28] == kinds[29] >= 1 and kinds[5] == kinds[6]


def test_panic_writes_it(programs, tmp_path):
    text = traced(programs(PROGRAM, race=False), tmp_path, "p", status=2).read_text()
    assert json.loads(text)["traceEvents"]


def test_a_file_by_option(programs, tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out.json"
    program = programs(PROGRAM, race=False)
    assert gt.run(program, env={"GODWIT": f"trace={raw}"}).status == 7
    assert gt.run(gt.GODWIT, "trace", "-o", out, raw).status == 0
    assert json.loads(out.read_text())["traceEvents"]
    raw.write_bytes(raw.read_bytes()[:200])
    r = gt.run(gt.GODWIT, "trace", "-o", out, raw)
    assert r.status == 125 and "cut off" in r.stderr, r


def test_a_race_writes_it(programs, tmp_path):
    """Before the process is killed."""
    raw, out = tmp_path / "raw", tmp_path / "out.json"
    program = programs("""
#include <godwit.h>
#include <signal.h>
static int shared;
static void touch(gw_waitgroup *w) {
  shared++;
  gw_waitgroup_done(w);
}
int main(void) {
  static gw_waitgroup w;
  gw_waitgroup_add(&w, 2);
  gw_go(touch, &w);
  gw_go(touch, &w);
  gw_waitgroup_wait(&w);
  raise(SIGKILL);
}
""")
    r = gt.run(program, env={"GODWIT": f"trace={raw}"})
    assert r.status == -9 and "data race" in r.stderr, r
    assert gt.run(gt.GODWIT, "trace", "-o", out, raw).status == 0
    assert json.loads(out.read_text())["traceEvents"]


def test_names_of_those_that_end_while_it_is_written(programs, tmp_path):
    """Each name is told whole or, as long as its goroutine hasn't run, not at all."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    program = programs("""
#include <signal.h>
#include <godwit.h>
#include <sys/stat.h>
enum { LIVE = 32, MANY = 20000 };
static gw_chan(int) ended;
static void teller(void) {
  gw_set_name("a teller with a name that is long");
  gw_send(ended, 1);
}
int main(int argc, char **argv) {
  ended = gw_make(int, 0);
  for (int i = 1, begun = 0, live = 0; i < argc; i++) {
    struct stat st;
    raise(SIGUSR1);
    while (stat(argv[i], &st) != 0 || live > 0) {
      for (; live < LIVE && begun < MANY * i; live++, begun++) gw_go(teller);
      if (live == 0) {
        gw_yield();
        continue;
      }
      gw_recv(ended);
      live--;
    }
  }
}
""", race=False)
    files = [f"{raw}.{i}" for i in range(1, 4)]
    assert gt.run(program, *files, env={"GODWIT": f"trace={raw} profilesignal=10"}).status == 0
    told = 0
    for name in [*files[:-1], raw]:  # the last may be cut off by the program's end
        assert gt.run(gt.GODWIT, "trace", "--format", "chrome", "-o", out, name).status == 0
        names = re.findall(r'"name":"\d+ ([^"]*)"}', out.read_text())
        told += names.count("a teller with a name that is long (teller)")
        assert set(names) <= {"a teller with a name that is long (teller)", "teller", "main"}
    assert told >= 20000


SLOWLY_WRITTEN = """
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <godwit.h>
#include <sys/stat.h>
enum { NAMES = 20 };
static void named(gw_chan(int) c) {
  gw_set_name("one of many");
  gw_send(c, 1);
  gw_recv(c);
}
int main(int argc, char **argv) {
  gw_chan(int) c[NAMES];
  struct stat st;
  for (int i = 0; i < NAMES; i++) {
    c[i] = gw_make(int, 0);
    gw_go(named, c[i]);
    gw_recv(c[i]);
  }
  puts("up"), fflush(stdout);
  while (stat(argv[argc - 1], &st) != 0 || st.st_size == 0) gw_sleep(GW_MS);
  if (strcmp(argv[1], "panic") == 0) gw_panic("here");
  if (strcmp(argv[1], "signal") == 0) raise(SIGTERM);
}
"""


class Slowed:
    """A thread of a child's that stops for a while at the beginning and at the end of each system call."""

    SEIZE, INTERRUPT, SYSCALL, ANY = 0x4206, 0x4207, 24, 0x40000000  # of the kernel's headers

    def __init__(self, tid):
        self.tid, self.libc = tid, ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long
        assert self.ask(self.SEIZE) and self.ask(self.INTERRUPT)
        os.waitpid(tid, self.ANY)

    def ask(self, request):
        return self.libc.ptrace(request, self.tid, None, None) == 0

    def step(self, pause):
        """False once it has ended, or is about to."""
        if not self.ask(self.SYSCALL) or not os.WIFSTOPPED(os.waitpid(self.tid, self.ANY)[1]):
            return False
        time.sleep(pause)
        return True

    def gone(self):
        """True once it has ended: its process hasn't before."""
        try:
            tid, status = os.waitpid(self.tid, self.ANY | os.WNOHANG)
        except ChildProcessError:
            return True
        return tid != 0 and not os.WIFSTOPPED(status)


@pytest.mark.parametrize("end, status, pause", [("exit", 0, 0.15), ("panic", 2, 0.01), ("signal", -15, 0.01),
                                                ("signal", -15, None)])
def test_at_the_end_while_a_part_is_written(programs, tmp_path, end, status, pause):
    """However slowly that is; by a thread that doesn't get on at all, which is the last case, who is killed is held up
    for seconds only."""
    raw, part, out = tmp_path / "raw", tmp_path / "raw.1", tmp_path / "out"
    p = subprocess.Popen([programs(SLOWLY_WRITTEN, race=False), end, part], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, env=gt.environment(GODWIT=f"trace={raw} profilesignal=10"))
    try:
        assert p.stdout.readline() == b"up\n"
        slowed = Slowed(sorted(int(tid) for tid in os.listdir(f"/proc/{p.pid}/task"))[1])  # who writes began before main
        p.send_signal(signal.SIGUSR1)
        while slowed.step(pause or 0):
            if pause is None and part.exists() and part.stat().st_size > 0:
                break
        late = time.monotonic() + 30
        while not slowed.gone():
            assert time.monotonic() < late
            time.sleep(0.01)
        assert p.wait(gt.TIMEOUT) == status
    finally:
        p.kill()
        p.stdout.close()
    if pause is None:
        return
    assert gt.run(gt.GODWIT, "trace", "--format", "chrome", "-o", out, raw).status == 0
    assert len(set(re.findall(r'"name":"(\d+) one of many \(named\)"', out.read_text()))) == 20


def test_on_a_signal(programs, tmp_path):
    """Numbered files, and the program goes on; names, also of goroutines that have ended."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    program = programs("""
#include <signal.h>
#include <godwit.h>
#include <sys/stat.h>
static gw_chan(int) named;
static void teller(gw_chan(int) c) {
  gw_set_name("a teller with a name that is long");
  gw_send(named, 1);
  gw_recv(c);
}
static void nobody(gw_chan(int) c) { gw_recv(c); }
int main(int argc, char **argv) {
  gw_chan(int) c = gw_make(int, 0), d = gw_make(int, 0);
  named = gw_make(int, 0);
  gw_go(teller, c);
  gw_go(teller, d);
  gw_go(nobody, d);
  gw_recv(named);
  gw_recv(named);
  gw_send(c, 1);
  gw_set_name("the \\"boss\\"");
  for (int i = 1; i < argc; i++) { /* when the second is there the first is complete */
    struct stat st;
    raise(SIGUSR1);
    while (stat(argv[i], &st) != 0) gw_sleep(GW_MS);
  }
  gw_send(d, 1);
  return 0;
}
""", race=False)
    r = gt.run(program, f"{raw}.1", f"{raw}.2", env={"GODWIT": f"trace={raw} profilesignal=10"})
    assert r.status == 0 and not r.stderr, r
    for form, pattern in (("chrome", r'"name":"\d+ a teller with a name that is long \(teller\)"}'),
                          ("go", r"G\d+ a teller with a name that is long")):
        for name in (f"{raw}.1", raw):
            assert gt.run(gt.GODWIT, "trace", "--format", form, "-o", out, name).status == 0
            assert len(set(re.findall(pattern, out.read_bytes().decode("latin-1")))) == 2
    assert gt.run(gt.GODWIT, "trace", "-o", out, raw).status == 0
    names = {e["args"]["name"] for e in json.loads(out.read_text())["traceEvents"] if e["name"] == "thread_name"}
    assert {'1 the "boss" (main)', "4 nobody"} <= names


def test_usage(tmp_path):
    assert gt.run(gt.GODWIT, "trace", "--", "true").status == 64
    assert gt.run(gt.GODWIT, "trace", "--format", "xml", "-o", "x", "--", "true").status == 64
    assert gt.run(gt.GODWIT, "trace", "-o", tmp_path / "x", "--", tmp_path / "none").status == 127
    r = gt.run(gt.GODWIT, "trace", "-o", tmp_path / "x", "--", "true")
    assert r.status == 125 and "no timeline" in r.stderr, r


@pytest.mark.parametrize("where", ["none/x", "."])
def test_nowhere_to_write(tmp_path, where):
    """Told before the program runs."""
    r = gt.run(gt.GODWIT, "trace", "-o", tmp_path / where, "--", "touch", tmp_path / "ran")
    assert r.status == 125 and "can't write" in r.stderr and not (tmp_path / "ran").exists(), r


def test_a_file_that_cannot_be_written(programs, tmp_path):
    """One line, in words, though a finding and the end of the process would have written it."""
    exe = programs("""#include <godwit.h>
static long shared;
static void f(gw_waitgroup *w) { shared++; gw_waitgroup_done(w); }
int main(void) {
  static gw_waitgroup w;
  gw_waitgroup_add(&w, 2);
  for (int i = 0; i < 2; i++) gw_go(f, &w);
  gw_waitgroup_wait(&w);
}
""")
    r = gt.run(exe, env={"GODWIT": f"trace={tmp_path}/none/x"})
    assert r.status == 66 and r.stderr.count("can't write the timeline") == 1, r
    assert "(No such file or directory)" in r.stderr


ENDLESS = """#include <godwit.h>
#include <stdio.h>
#include <unistd.h>
static void f(void) { gw_sleep(1000 * GW_S); }
int main(void) {
  gw_go(f);
  gw_yield();
  puts("up"), fflush(stdout);
  for (;;) pause();
}
"""


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_ends_programs_writes_it(programs, tmp_path, name, race):
    """A key's signal goes to the group, another one may go to `godwit trace` alone: which passes it on, and stays to tell."""
    number, out = getattr(signal, name), tmp_path / "timeline"

    def begin():
        signal.signal(number, signal.SIG_DFL)

    for send in (os.killpg, os.kill):
        if (name, send) == ("SIGINT", os.kill):
            continue
        p = subprocess.Popen([gt.GODWIT, "trace", "-o", out, "--", programs(ENDLESS, race=race)], stdout=subprocess.PIPE,
                             env=gt.environment(TMPDIR=tmp_path), start_new_session=True, preexec_fn=begin)
        assert p.stdout.readline() == b"up\n"
        send(p.pid, number)
        assert p.wait(gt.TIMEOUT) == 128 + number
        assert json.loads(out.read_text())["traceEvents"]
        assert [f.name for f in tmp_path.iterdir()] == ["timeline"], "nothing is left behind"
        out.unlink()
        p.stdout.close()
