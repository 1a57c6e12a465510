"""The profiles over HTTP: Go's paths and errors, clients that misbehave, a program that is stuck."""

import collections
import json
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


class Server:
    def __init__(self, program, mode, **env):
        self.process = subprocess.Popen([program, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=gt.environment(**env))
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def get(self, path, timeout=gt.TIMEOUT):
        """(status, headers, body)"""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout) as r:
                return r.status, r.headers, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()

    def profile(self, path):
        status, headers, body = self.get(path)
        assert status == 200 and headers["Content-Type"] == "application/octet-stream", body
        return pt.Profile(body)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=gt.TIMEOUT)

    def raw(self, data):
        with self.connect() as s:
            s.sendall(data)
            return s.makefile("rb").read()

    def end(self):
        self.process.stdin.close()
        self.process.wait(gt.TIMEOUT)
        return self.process.returncode, self.process.stderr.read().decode()


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "race"])
def server(request, programs):
    s = Server(programs(pt.PROGRAMS / "server.c", "-O1", race=request.param), "calm")
    yield s
    assert s.end() == (0, "")


def test_index(server):
    status, headers, body = server.get("/debug/pprof/")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    for name in ("allocs", "block", "goroutine", "goroutineleak", "heap", "mutex", "threadcreate"):
        assert f'href="{name}?debug=1"' in body.decode()
    assert server.get("/debug/pprof")[0] == 200, "sent on to the folder"


def test_profiles(server):
    assert server.profile("/debug/pprof/goroutine").total(0, "parked") == 10
    assert server.profile("/debug/pprof/block").types[1] == ("delay", "nanoseconds")
    status, headers, body = server.get("/debug/pprof/goroutine?debug=1")
    assert headers["Content-Type"] == "text/plain; charset=utf-8" and body.startswith(b"goroutine profile: total ")
    assert body.count(b"parked+0x") == 1
    assert server.get("/debug/pprof/goroutine?debug=2")[2].count(b"\nparked(...)\n") == 10


def test_seconds_give_a_delta(server):
    before = 0
    while before == 0:
        before = server.profile("/debug/pprof/block").total(0, "pong")
    for seconds in (1, 4, 16):  # longer, where the machine lets nobody wait within one
        begin = time.monotonic()
        p = server.profile(f"/debug/pprof/block?seconds={seconds}")
        assert time.monotonic() - begin >= seconds
        if p.total(0, "pong") > 0:
            break
    assert 0 < p.total(0, "pong") <= server.profile("/debug/pprof/block").total(0, "pong") - before, "none of before"
    assert dict(pt.fields(p.raw))[10] >= 1_000_000_000
    assert not server.profile("/debug/pprof/goroutine?seconds=1").with_function("parked"), "they were there before"


def test_cpu(server):
    p = server.profile("/debug/pprof/profile?seconds=1")
    assert p.types == [("samples", "count"), ("cpu", "nanoseconds")]
    assert dict(pt.fields(p.raw))[12] == 10_000_000


def traced(server, seconds):
    """Goroutines' names by their tracks, and the slices (name, microseconds) of all that have a name."""
    status, headers, body = server.get(f"/debug/pprof/trace?seconds={seconds}&format=chrome")
    assert status == 200 and headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == 'attachment; filename="trace"'
    events = json.loads(body)["traceEvents"]
    names = {e["tid"]: e["args"]["name"].split()[1] for e in events if e["name"] == "thread_name" and e["pid"] == 2}
    slices = collections.defaultdict(list)
    for e in events:
        if e["ph"] == "X" and e["pid"] == 2:
            slices[names[e["tid"]]].append((e["name"], e["dur"]))
    return names, slices


def test_trace(server):
    """What happened within those seconds, and who was there before and didn't move; longer, where the machine lets nobody
    move within 0.3 s."""
    for seconds in (0.3, 1, 3, 10):
        names, slices = traced(server, seconds)
        if [name for name, _ in slices["pong"]].count("running") > 20:
            break
    assert [name for name, _ in slices["pong"]].count("running") > 20
    assert list(names.values()).count("parked") == 10
    assert [name for name, us in slices["parked"] if us > 0.8e6 * seconds] == ["chan receive"] * 10
    whole = sum(us for _, us in slices["parked"]) / 10
    assert max(us for _, us in slices["pong"]) < whole, "none of before"


@pytest.mark.skipif(not shutil.which("go"), reason="no `go tool trace` here")
def test_trace_for_go(server, tmp_path):
    status, _, body = server.get("/debug/pprof/trace")
    assert status == 200 and body.startswith(b"go 1.19 trace\0\0\0")
    (tmp_path / "trace").write_bytes(body)
    r = gt.run("sh", "-c", f"go tool trace -pprof=sync {tmp_path}/trace > {tmp_path}/p && go tool pprof -raw {tmp_path}/p",
               env={"HOME": tmp_path, "GOCACHE": tmp_path / "cache"})
    assert r.status == 0 and "pong" in r.stdout, r


@pytest.mark.parametrize("path, status, text", [
    ("/debug/pprof/trace?format=xml", 400, 'invalid value for "format"'),
    ("/debug/pprof/nothing", 404, "Unknown profile"),
    ("/debug/pprof/block?seconds=0", 400, 'invalid value for "seconds" - must be a positive integer'),
    ("/debug/pprof/block?seconds=x", 400, 'invalid value for "seconds" - must be a positive integer'),
    ("/debug/pprof/block?seconds=1&debug=1", 400, "seconds and debug params are incompatible"),
    ("/elsewhere", 404, "404 page not found"),
])
def test_errors(server, path, status, text):
    got, headers, body = server.get(path)
    assert (got, headers["X-Go-Pprof"]) == (status, "1") and body.decode().startswith(text)


def test_command_line_and_symbols(server):
    assert server.get("/debug/pprof/cmdline")[2].split(b"\0")[1] == b"calm"
    address = re.search(rb"#\t(0x[0-9a-f]+)\tparked\+", server.get("/debug/pprof/goroutine?debug=1")[2])[1].decode()
    assert server.get(f"/debug/pprof/symbol?{address}")[2].decode() == f"num_symbols: 1\n{address} parked\n"
    posted = server.raw(b"POST /debug/pprof/symbol HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(address), address.encode()))
    assert posted.endswith(f"\n{address} parked\n".encode())


@pytest.mark.parametrize("data", [
    b"\0\1\2\3" * 50 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /%zz HTTP/1.1\r\n\r\n", b"GET /%00 HTTP/1.1\r\n\r\n",
    b"BREW / HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 20000, b"GET / HTTP/9\r\n\r\n", b"\r\n\r\n",
    b"GET /debug/pprof/symbol?0x1+0x2+zz+0xffffffffffffffff+ HTTP/1.1\r\n\r\n",
    b"GET /debug/pprof/block?seconds=%39%00 HTTP/1.0\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
], ids=range(11))
def test_garbage(server, data):
    assert server.raw(data).startswith(b"HTTP/1.1 ")
    assert server.get("/debug/pprof/goroutine?debug=1")[0] == 200


def test_head(server):
    answer = server.raw(b"HEAD /debug/pprof/goroutine HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\n")


def test_slow_and_many_clients(server):
    """Clients that never finish, never read or just stay keep nobody out, however many they are."""
    idle = [server.connect() for _ in range(80)]
    for s in idle[:40]:
        s.sendall(b"GET /debug/pprof/goroutine?de")
    waiting = [server.connect() for _ in range(20)]
    for s in waiting:
        s.sendall(b"GET /debug/pprof/block?seconds=60 HTTP/1.1\r\n\r\n")
    try:
        for _ in range(5):
            assert server.get("/debug/pprof/goroutine?debug=2", timeout=40)[0] == 200
    finally:
        for s in idle + waiting:
            s.close()


def metrics(text):
    return {m[1]: float(m[2]) for m in re.finditer(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


def test_metrics(server):
    status, headers, body = server.get("/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    figures = metrics(body.decode())
    assert figures["godwit_goroutines"] == 13 and figures["godwit_gomaxprocs"] >= 1
    assert figures["process_resident_memory_bytes"] > 1e6 and figures["godwit_findings_total"] == 0
    assert 'godwit_run_queue_length{queue="0"}' in figures
    inf = figures['godwit_scheduling_latency_seconds_bucket{le="+Inf"}']
    assert inf == figures["godwit_scheduling_latency_seconds_count"]
    if shutil.which("promtool"):
        r = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=gt.TIMEOUT)
        assert r.returncode == 0 and not r.stdout + r.stderr, r


def test_prometheus_scrapes_it(server, tmp_path, full):
    """The real thing: a Prometheus that asks once a second, and is asked then."""
    if not full or not shutil.which("prometheus"):
        pytest.skip("a long test that needs prometheus")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    (tmp_path / "config.yml").write_text("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: godwit\n"
                                         f"  static_configs: [{{targets: ['127.0.0.1:{server.port}']}}]\n")
    p = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/config.yml", f"--storage.tsdb.path={tmp_path}/data",
                          f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(10 * gt.TIMEOUT):
            try:
                url = f"http://127.0.0.1:{port}/api/v1/query?query=godwit_goroutines"
                result = json.load(urllib.request.urlopen(url))["data"]["result"]
            except urllib.error.URLError:
                result = []
            if result:
                break
            time.sleep(0.1)
        assert result and result[0]["value"][1] == "13"
    finally:
        p.terminate()
        p.wait(gt.TIMEOUT)


@pt.needs_go
def test_go_tool_pprof(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PPROF_TMPDIR", str(tmp_path))
    assert "parked" in pt.go_pprof("-top", f"{server.url}/debug/pprof/goroutine")
    for seconds in ("1", "4", "16"):  # longer, where the machine lets nobody wait within one
        waited = pt.go_pprof("-top", "-seconds", seconds, f"{server.url}/debug/pprof/block")
        if "pong" in waited:
            break
    assert "pong" in waited
    assert "Type: cpu" in pt.go_pprof("-top", "-seconds", "1", f"{server.url}/debug/pprof/profile")


def test_a_wedged_program_answers(programs):
    """All processors spin in goroutines that never call: the profile comes, and says where."""
    s = Server(programs(pt.PROGRAMS / "server.c", "-O1", race=False), "wedged", GOMAXPROCS="2")
    try:
        s.profile("/debug/pprof/goroutine")  # starts the symboliser
        for _ in range(1000):  # until no monitor that saw a thread off its core has taken a processor from it
            p = s.profile("/debug/pprof/goroutine")
            spinning = [x for x in p.samples if x.stack and x.stack[0][0] == "spin_for_ever"]
            if sum(x.values[0] for x in spinning) == 2:
                break
        assert sum(x.values[0] for x in spinning) == 2 and p.total(0, "parked") == 10
        assert all(x.stack[0][2] == pt.line_of("server.c", "spin") for x in spinning)
    finally:
        s.process.kill()
        s.process.wait()


def test_loopback_unless_told_otherwise(programs):
    source = """
#include <stdio.h>
#include <unistd.h>
#include <godwit.h>
int main(int argc, char **argv) {
  char c;
  for (int i = 1; i < argc; i++) printf("%d\\n", gw_pprof_serve(argv[i]));
  fflush(stdout);
  return (int)read(0, &c, 1);
}
"""
    wanted = {"0": "0100007F", ":0": "0100007F", "localhost:0": "0100007F", "127.0.0.1:0": "0100007F",
              "0.0.0.0:0": "00000000"}
    p = subprocess.Popen([programs(source, race=False), *wanted], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        ports = [int(p.stdout.readline()) for _ in wanted]
        with open(f"/proc/{p.pid}/net/tcp") as f:
            bound = {line.split()[1] for line in f if line.split()[3] == "0A"}
        for address, port in zip(wanted.values(), ports):
            assert f"{address}:{port:04X}" in bound
    finally:
        p.stdin.close()
        p.wait(gt.TIMEOUT)


def test_served_by_option(programs):
    source = "#include <godwit.h>\nint main(void) { gw_sleep(60 * GW_S); return 0; }\n"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen([programs(source, race=False)], env=gt.environment(GODWIT=f"pprof=127.0.0.1:{port}"))
    try:
        for _ in range(20 * gt.TIMEOUT):
            try:
                body = urllib.request.urlopen(f"http://127.0.0.1:{port}/debug/pprof/goroutine?debug=1").read()
            except urllib.error.URLError:
                body = b""
            if b"gw_sleep" in body:
                break
            time.sleep(0.05)
        assert body.startswith(b"goroutine profile: total 1\n")
    finally:
        p.kill()
        p.wait()


def test_a_bad_address_is_said(programs):
    r = gt.run(programs("#include <godwit.h>\nint main(void) { return 0; }\n", race=False),
               env={"GODWIT": "pprof=somewhere"})
    assert r.status == 0 and r.stderr == ("godwit: warning: pprof=somewhere: no profiles are served: write HOST:PORT "
                                          "with a number for HOST\n")
