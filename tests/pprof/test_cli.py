"""`godwit pprof` reads what programs write, what Go's tools read, and survives what neither should."""

import gzip
import random
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

import godwit_testing as gt
import pprof_testing as pt


@pytest.fixture(scope="module")
def known(programs, tmp_path_factory):
    base = tmp_path_factory.mktemp("known") / "p"
    r = gt.run(programs(pt.PROGRAMS / "known.c", "-O1", race=False), base)
    assert r.status == 0, r
    return base


def pprof(*args, status=0):
    r = gt.run(gt.GODWIT, "pprof", *args)
    assert r.status == status, r
    return r.stderr if status else r.stdout


def test_top(known):
    top = pprof(f"{known}.block")
    assert "Type: delay\n" in top and re.search(r"^Build ID: [0-9a-f]{40}$", top, re.M)
    assert re.search(r"^ +0 +0\.00% .* receive_all$", top, re.M) and re.search(r"% +gw_recv$", top, re.M)
    counts = pprof("--top", "-sample_index=contentions", f"{known}.block")
    assert re.search(r"^ +0 .* 20 +\S+%  receive_all$", counts, re.M)
    assert len(pprof("-nodecount", "1", f"{known}.block").splitlines()) == 8


def test_lines_and_traces(known):
    place = f"known.c:{pt.line_of('known.c', 'parked')}"
    assert re.search(rf"parked \S+{place}$", pprof("-top", "-lines", f"{known}.goroutine"), re.M)
    traces = pprof("-traces", f"{known}.goroutine")
    assert re.search(r"state:  chan receive\n", traces) and re.search(r"^ +7   gw_recv\n +parked$", traces, re.M)
    assert re.search(r"phase:  writing\n", traces)


def test_list(known):
    text = pprof("-list", "^receive_all$", f"{known}.block")
    line = pt.line_of("known.c", "receive_all")
    assert re.search(rf"^ +\. +[\d.]+m?s +{line}:.*receive_inlined", text, re.M), text
    assert "matches" in pprof("-list", "nobody", f"{known}.block", status=1)
    pprof("-list", "(", f"{known}.block", status=64)


def test_difference(known, tmp_path):
    assert "Showing nodes accounting for 0, 0% of" in pprof("-diff_base", f"{known}.block", f"{known}.block")
    assert "another kind" in pprof("-diff_base", f"{known}.goroutine", f"{known}.block", status=64)


def test_the_same_numbers_as_go(known):
    """Each function's own and whole cost is what Go's tool says."""
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    rows = re.compile(r"^ *(\S+) +\S+% +\S+% +(\S+) +\S+%  (.+)$", re.M)

    def table(text):
        return {m[3].removesuffix(" (inline)"): (m[1], m[2]) for m in rows.finditer(text)}

    for kind, index in (("block", "contentions"), ("mutex", "contentions"), ("goroutine", "goroutine")):
        ours = table(pprof("-top", f"-sample_index={index}", f"{known}.{kind}"))
        go = table(pt.go_pprof("-top", f"-sample_index={index}", f"{known}.{kind}"))
        assert ours == go and ours


def test_a_profile_of_go_s(tmp_path):
    """Go's encoder packs differently, and uses fields that ours doesn't."""
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    (tmp_path / "main.go").write_text("""package main
import ("os"; "runtime/pprof"; "time")
func parked(c chan int) { <-c }
func main() {
  for i := 0; i < 5; i++ { go parked(make(chan int)) }
  time.Sleep(10 * time.Millisecond)
  pprof.Lookup("goroutine").WriteTo(os.Stdout, 0)
}
""")
    out = subprocess.run(["go", "run", tmp_path / "main.go"], capture_output=True, timeout=120,
                         env={**gt.environment(), "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod"})
    assert out.returncode == 0, out.stderr
    (tmp_path / "p").write_bytes(out.stdout)
    assert re.search(r"^ +5   runtime\.gopark$", pprof("-traces", tmp_path / "p"), re.M)


def test_flame_graph(known, tmp_path):
    pprof("-svg", "-o", tmp_path / "f.svg", f"{known}.block")
    svg = ET.parse(tmp_path / "f.svg").getroot()
    ns = {"s": "http://www.w3.org/2000/svg"}
    boxes = {}
    for g in svg.findall("s:g", ns):
        r = g.find("s:rect", ns)
        boxes.setdefault(g.get("data-n"), []).append((float(r.get("x")), float(r.get("y")), float(r.get("width"))))
    (root,), (main,) = boxes["all"], boxes["main"]
    assert root[0] == 0 and root[2] == pytest.approx(1200) and main[1] == root[1] - 18
    for x, y, w in boxes["receive_all"] + boxes["contend"]:
        assert main[0] - 0.01 <= x and x + w <= main[0] + main[2] + 0.01 and y < main[1], "children stand on parents"
    if shutil.which("rsvg-convert"):
        r = subprocess.run(["rsvg-convert", tmp_path / "f.svg", "-o", tmp_path / "f.png"], timeout=gt.TIMEOUT)
        assert r.returncode == 0 and (tmp_path / "f.png").stat().st_size > 5000


def test_names_come_from_the_file_when_the_profile_has_none(tmp_path):
    program = tmp_path / "known"
    subprocess.run(["gcc", "-g", "-O1", "-fno-omit-frame-pointer", f"-I{gt.BUILD / 'include'}",
                    pt.PROGRAMS / "known.c", gt.BUILD / "lib" / "godwit" / "libgodwit.a", "-lpthread", "-ldl", "-lm",
                    "-o", program], check=True)
    assert gt.run(program, tmp_path / "p", env={"PATH": "/nowhere"}).status == 0
    assert not pt.read(tmp_path / "p.goroutine").with_function("parked")
    assert re.search(r"^ +7   \S+ \S+\n(?: .*\n)? +parked \S+known.c:%d$" % pt.line_of("known.c", "parked"),
                     pprof("-traces", "-lines", tmp_path / "p.goroutine"), re.M)


def test_from_a_running_program(programs):
    p = subprocess.Popen([programs(pt.PROGRAMS / "server.c", "-O1", race=False), "calm"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    try:
        url = f"http://127.0.0.1:{int(p.stdout.readline())}/debug/pprof"
        assert re.search(r"^ +0 .* 10 .* parked$", pprof("-top", f"{url}/goroutine"), re.M)
        assert "pong" in pprof("-top", "-seconds", "1", f"{url}/block")
        assert "404 Not Found: Unknown profile" in pprof(f"{url}/nothing", status=125)
    finally:
        p.stdin.close()
        p.wait(30)
    assert "refused" in pprof(f"{url}/goroutine", status=125)


def test_bad_usage(known, tmp_path):
    pprof(status=64)
    pprof("-top", "-traces", f"{known}.block", status=64)
    pprof("-nodecount", "x", f"{known}.block", status=64)
    assert "no values 'x'" in pprof("-sample_index", "x", f"{known}.block", status=64)
    assert "did you mean '-traces'" in pprof("-trace", f"{known}.block", status=64)
    assert "No such file" in pprof(tmp_path / "nothing", status=125)
    assert "only http:// ones" in pprof("https://127.0.0.1/debug/pprof/heap", status=125)


def test_broken_profiles(known, tmp_path, full):
    """Whatever the bytes are: an answer or a complaint, never a crash."""
    whole = (known.parent / "p.block").read_bytes()
    raw = gzip.decompress(whole)
    dice = random.Random(4711)
    broken = [b"", b"\x1f\x8b", whole[:-9], whole[:40], raw[:-1], b"no profile at all", b"\n" * 100]
    for _ in range(1000 if full else 60):
        b = bytearray(raw)
        for _ in range(dice.randint(1, 8)):
            b[dice.randrange(len(b))] = dice.randrange(256)
        broken.append(bytes(b[:dice.randrange(1, len(b))] if dice.random() < 0.3 else b))
    for i, data in enumerate(broken):
        path = tmp_path / "broken"
        path.write_bytes(data)
        r = gt.run(gt.GODWIT, "pprof", dice.choice(["-top", "-traces", "-svg"]), path)
        assert r.status in (0, 125), (i, data, r)
        assert r.status == 0 or r.stderr.startswith("godwit pprof: "), r
