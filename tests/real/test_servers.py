"""memcached and redis-server from Debian's sources under load: right answers, and no report that docs/servers.md doesn't judge."""

import shutil
import socket
import subprocess
import warnings

import godwit_testing as gt
import judged
import pytest
import real_programs as real
import servers

MEMCACHED, REDIS = servers.SERVERS["memcached"], servers.SERVERS["redis"]
LOAD_TIMEOUT_S = 400  # a guess: some ten thousand requests take seconds
# Of redis's own suite what uses its threads and its children; it takes some ten minutes.
REDIS_SUITE = ["unit/lazyfree", "unit/aofrw", "unit/other", "unit/multi", "unit/pubsub", "unit/maxmemory", "unit/info",
               "unit/scripting", "unit/type/list", "integration/aof", "integration/rdb", "integration/replication",
               "integration/shutdown"]
# It came with a fix of Debian's and sets repl-diskless-load to a word that 7.0 doesn't know: it ends the suite of any server.
REDIS_SKIPPED = "/Fullsync should not free scripting engine"


@pytest.fixture(scope="module")
def memcached(build):
    return real.built("memcached", "memcached", MEMCACHED.make, configure=MEMCACHED.configure)


@pytest.fixture(scope="module")
def redis(build):
    return real.built("redis", "redis", REDIS.make)


@pytest.fixture(scope="module")
def load(build, tmp_path_factory):
    return servers.build_load(tmp_path_factory.mktemp("load"))


def environment(folder):
    return {"GODWIT": f"exitcode=0 format=json log_path={folder / 'race'}"}


def check(folder, server, tree, strict=True):
    """A server that has races shows now and then one that nobody has judged yet: the short run only says so."""
    strange = judged.unjudged(gt.read_log(folder / "race"), server, tree)
    message = f"not judged in {judged.DOCUMENT.name}:\n{strange}"
    assert not (strange and strict), message
    if strange:
        warnings.warn(message)


def run_load(load, server, running, requests):
    r = gt.run(load, server.name, running.socket, 20, requests, timeout=LOAD_TIMEOUT_S)
    assert r.status == 0 and r.stdout.startswith(f"{requests} requests"), str(r)


def test_memcached_under_load(memcached, load, full, tmp_path):
    with servers.running(MEMCACHED, memcached / MEMCACHED.program, environment(tmp_path)) as server:
        run_load(load, MEMCACHED, server, 200_000 if full else 20_000)
    assert server.status == 0, server.output
    check(tmp_path, "memcached", memcached, strict=full)
    assert gt.read_log(tmp_path / "race"), "it has races, and some always show: silence would mean that nothing was looked at"


def test_memcached_own_tests(memcached, full, tmp_path):
    """Each of memcached's tests passes; the reports of all its servers are judged.  They count seconds, so one at a time."""
    if not full:
        pytest.skip("in the long run")
    r = gt.run("prove", *sorted(f"t/{p.name}" for p in (memcached / "t").glob("*.t")), cwd=memcached,
               env=environment(tmp_path), timeout=3600)
    assert r.status == 0, str(r)
    check(tmp_path, "memcached", memcached)


class Client:
    """Words sent to redis, one answer's first line each."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LOAD_TIMEOUT_S)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rwb")

    def __call__(self, *words):
        parts = [str(w).encode() for w in words]
        self.file.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        self.file.flush()
        line = self.file.readline().decode().strip()
        assert line and line[0] in "+:$", f"{words}: {line}"
        return self.file.read(int(line[1:]) + 2)[:-2].decode() if line[0] == "$" and line != "$-1" else line


def wait_for(client, section, line):
    """Asks until INFO shows the line: a child of the server is at work meanwhile."""
    while line not in client("INFO", section).splitlines():
        assert client("PING") == "+PONG"


def use_threads_and_children(client):
    """Blocks that a thread frees, files that a thread closes and syncs, two children by fork."""
    for n in range(20):
        client("EVAL", "for i = 1, 400 do redis.call('RPUSH', KEYS[1], i .. ARGV[1]) end return redis.call('LLEN', KEYS[1])",
               1, f"list{n}", "x" * 50)
    assert client("UNLINK", *[f"list{n}" for n in range(10)]) == ":10"
    client("BGSAVE")
    wait_for(client, "persistence", "rdb_bgsave_in_progress:0")
    client("BGREWRITEAOF")
    wait_for(client, "persistence", "aof_rewrite_scheduled:0")
    wait_for(client, "persistence", "aof_rewrite_in_progress:0")
    assert client("FLUSHALL", "ASYNC") == "+OK"
    wait_for(client, "memory", "lazyfree_pending_objects:0")


def own_benchmark(path, requests):
    r = gt.run("redis-benchmark", "-s", path, "-n", requests, "-c", 8, "-q", timeout=LOAD_TIMEOUT_S)
    assert r.status == 0 and "ERR" not in r.stdout, str(r)


@pytest.mark.parametrize("threads", [1, 2])
def test_redis_under_load(redis, load, full, tmp_path, threads):
    """Its I/O threads spin, and so want a processor each: with them the load is small."""
    assert shutil.which("redis-benchmark"), "the package redis-tools has it"
    more = ["--appendonly", "yes", "--io-threads", threads, "--io-threads-do-reads", "yes", "--lazyfree-lazy-user-del", "yes"]
    scale = 10 if full else 1
    with servers.running(REDIS, redis / REDIS.program, environment(tmp_path), more=map(str, more)) as server:
        run_load(load, REDIS, server, (20_000 if threads == 1 else 500) * scale)
        own_benchmark(server.socket, (1000 if threads == 1 else 20) * scale)
        use_threads_and_children(Client(server.socket))
    assert server.status == 0, server.output
    check(tmp_path, "redis-server", redis)


def test_redis_own_suite(redis, full, tmp_path):
    if not full:
        pytest.skip("in the long run")
    for name in ("redis-sentinel", "redis-check-aof", "redis-check-rdb"):
        shutil.copy2(redis / "src" / "redis-server", redis / "src" / name)
    r = gt.run("make", *REDIS.make[:-1], "redis-cli", "redis-benchmark", cwd=redis, timeout=900,
               env={"CC": gt.GODWIT_CLANG, "CFLAGS": "-O2 -g -race", "LDFLAGS": "-race"})
    assert r.status == 0, str(r)
    words = [w for name in REDIS_SUITE for w in ("--single", name)]
    words += ["--skiptest", REDIS_SKIPPED]
    r = gt.run("./runtest", "--clients", 2, "--timeout", 1800, *words, cwd=redis, env=environment(tmp_path), timeout=3600)
    assert "All tests passed without errors" in r.stdout, str(r)[-6000:]
    check(tmp_path, "redis-server", redis)


FINDING = {"kind": "GW1001", "variable": {"name": "v[3]"}, "accesses": [
    {"op": op, "size": 4, "goroutine": {"id": n}, "stack": [{"function": f, "file": f"/tree/{f}.c", "line": 1}]}
    for n, (op, f) in enumerate((("write", "a"), ("read", "b")))]}


@pytest.mark.parametrize("row, explains", [
    ("| `v` | `a` | `b`, `c` | real | why |", True), ("| `v` | `b` | any | real | why |", True),
    ("| `v` | `c` | any | real | why |", False), ("| `v` | `a` | `a` | real | why |", False),
    ("| `w` | `a` | `b` | real | why |", False), ("| (lock order) | `a` | `b` | real | why |", False)])
def test_judgements_can_fail(row, explains):
    text = f"## s\n\n| variable | one | other | verdict | why |\n|---|---|---|---|---|\n{row}\n"
    assert (judged.unjudged([FINDING], "s", "/tree", text) == "") is explains
    with pytest.raises(AssertionError):
        judged.rows("s", text.replace("real", "false alarm"))


def test_the_load_notices(load, tmp_path):
    """A server that answers wrongly, or not at all."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
        s.listen()
        client = subprocess.Popen([load, "redis", path, "1", "5"], stderr=subprocess.PIPE, text=True)
        connection, _ = s.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"+NO\r\n")
            _, errors = client.communicate(timeout=60)
    assert client.returncode == 1 and "a wrong answer" in errors
