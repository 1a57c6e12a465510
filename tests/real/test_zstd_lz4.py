"""zstd and lz4 from Debian's sources compress and restore 50 MB on several threads: no report, and the same bytes back.

And the other way round: with one lock call taken out of zstd's thread pool the report is there.
"""

import re

import godwit_testing as gt
import pytest
import real_programs as real

ZSTD_TARGET = ("-C", "programs", "zstd", "HAVE_ZLIB=0", "HAVE_LZMA=0", "HAVE_LZ4=0")
LZ4_THREADS = gt.REPO / "tests" / "real" / "lz4_threads.c"
RUN_TIMEOUT_S = 600  # a guess: 50 MB take seconds
LOCK_CALL = "    ZSTD_pthread_mutex_lock(&ctx->queueMutex);\n"


@pytest.fixture(scope="module")
def zstd(build):
    return real.built("zstd", "libzstd", ZSTD_TARGET) / "programs" / "zstd"


@pytest.fixture(scope="module")
def lz4(build):
    return real.built("lz4", "lz4", ("lz4",)) / "programs" / "lz4"


@pytest.fixture(scope="module")
def liblz4(lz4):
    return lz4.parent.parent / "lib"


def quiet(*command):
    """Runs a program that must succeed and have nothing to say; gives back what it printed."""
    r = gt.run(*command, timeout=RUN_TIMEOUT_S)
    assert r.status == 0 and not r.stderr, str(r)
    return r.stdout


def test_instrumented(zstd, lz4):
    """The builds took -race: silence below means something."""
    for program in (zstd, lz4):
        assert b"__gw_shadow" in program.read_bytes()


@pytest.mark.parametrize("level, size", [(3, 50_000_000), (12, 4_000_000)])
def test_zstd(zstd, tmp_path, level, size):
    packed, back, sample = tmp_path / "packed", tmp_path / "back", real.sample(size)
    quiet(zstd, "-q", "-T4", "-B1000000", f"-{level}", sample, "-o", packed)
    quiet(zstd, "-q", "-d", packed, "-o", back)
    assert packed.stat().st_size < size / 2
    assert real.same(sample, back)


def test_zstd_benchmark_mode(zstd):
    """Compresses and restores in memory, the pool used again and again."""
    quiet(zstd, "-q", "-b1", "-e2", "-i1", "-T4", "-B1000000", real.sample(8_000_000))


def test_lz4_threads(liblz4, tmp_path):
    program = gt.compile_c([LZ4_THREADS, liblz4 / "liblz4.a"], tmp_path / "lz4_threads", "-O2", f"-I{liblz4}")
    sizes = re.fullmatch(r"(\d+) -> (\d+)\n", quiet(program, real.sample(), 4))
    assert sizes and int(sizes[2]) < int(sizes[1])


def test_lz4_program(lz4, tmp_path):
    """The program itself, on threads where its version has them."""
    packed, back = tmp_path / "packed", tmp_path / "back"
    usage = gt.run(lz4, "-H")
    threads = ["-T4"] if re.search(r"^ *-T#", usage.stdout + usage.stderr, re.M) else []
    quiet(lz4, "-q", *threads, real.sample(), packed)
    quiet(lz4, "-q", "-d", packed, back)
    assert real.same(real.sample(), back)


def test_lz4_threads_without_lock(liblz4, tmp_path):
    program = gt.compile_c([LZ4_THREADS, liblz4 / "liblz4.a"], tmp_path / "lz4_threads", "-O2", f"-I{liblz4}",
                           "-DFORGET_LOCK")
    r = gt.run_race(program, real.sample(8_000_000), 4, folder=tmp_path, timeout=RUN_TIMEOUT_S)
    assert r.status == 66, str(r.result)
    assert any(in_function(f, "list_take", "lz4_threads.c") for f in r.findings), found(r)


def take_lock_call_out(tree):
    """POOL_add puts a job into the queue without the queue's lock."""
    pool = tree / "lib" / "common" / "pool.c"
    head, start, body = pool.read_text().partition("void POOL_add(POOL_ctx* ctx")
    assert start and LOCK_CALL in body, "zstd's thread pool looks different"
    pool.write_text(head + start + body.replace(LOCK_CALL, "", 1))


def in_function(finding, prefix, file):
    """A data race whose accesses are both in a function of that prefix, in a file that ends so."""
    def fits(access):
        return any((f.get("function") or "").startswith(prefix) and (f.get("file") or "").endswith(file)
                   for f in access["stack"])
    return finding["kind"] == "GW1001" and len(finding["accesses"]) == 2 and all(map(fits, finding["accesses"]))


def found(r):
    return f"{r.result}\n" + "\n".join(f"{f['kind']} {f.get('accesses')}" for f in r.findings)


def test_zstd_without_lock(build, tmp_path):
    """Without the lock a wake-up may get lost, and zstd then waits for ever: such a run is no verdict, and is repeated."""
    zstd = real.built("zstd-without-lock", "libzstd", ZSTD_TARGET, take_lock_call_out) / "programs" / "zstd"
    for left in (2, 1, 0):
        try:
            r = gt.run_race(zstd, "-q", "-f", "-T4", real.sample(), "-o", tmp_path / "packed", folder=tmp_path,
                            timeout=RUN_TIMEOUT_S / 3)
            break
        except AssertionError as e:
            if "no end within" not in str(e) or not left:
                raise
    assert r.status == 66, str(r.result)
    assert any(in_function(f, "POOL_", "lib/common/pool.c") for f in r.findings), found(r)
