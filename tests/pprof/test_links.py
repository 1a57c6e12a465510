"""Every profile of programs that are linked in every way: the right functions and lines by a decoder of our own, by protoc
and by Go's tool, and numbers that agree with what the program did."""

import re
import shutil
import subprocess

import pytest

import godwit_testing as gt
import pprof_testing as pt

PROGRAM = pt.PROGRAMS / "every.c"
LINKS = {"pie-bfd": ["-fPIE", "-pie", "-fuse-ld=bfd"], "non-pie-bfd": ["-fno-pie", "-no-pie", "-fuse-ld=bfd"],
         "pie-lld": ["-fPIE", "-pie", "-fuse-ld=lld"], "non-pie-lld": ["-fno-pie", "-no-pie", "-fuse-ld=lld"],
         "stripped": ["-fPIE", "-pie", "-fuse-ld=bfd"]}
MB = 1 << 20
# profile -> (function, column, least, most): the sum over the function's samples; None: it has no function of the program's
EVERY = {"goroutine": ("parked", 0, 7, 7), "goroutineleak": ("leaked", 0, 3, 3),
         "block": ("waits", 0, 20, 20), "mutex": ("holds", 0, 20, 20),
         "heap": ("allocates", 3, 16 * MB, 16 * MB), "allocs": ("allocates", 1, 20 * MB, 20 * MB),
         "cpu": ("burns", 0, 1, 1000), "threadcreate": (None, 0, 1, 1000)}
LINE = {"allocs": "heap"}


@pytest.fixture(scope="module", params=LINKS)
def written(request, programs, tmp_path_factory):
    """(how it is linked, the program, the profiles' path without its last part)"""
    folder = tmp_path_factory.mktemp(request.param)
    program = folder / "every"
    shutil.copy(programs(PROGRAM, "-O1", *LINKS[request.param], race=False), program)
    if request.param == "stripped":  # as distributions do it: the names are in a file apart
        for command in (["objcopy", "--only-keep-debug", "every", "every.debug"], ["strip", "every"],
                        ["objcopy", "--add-gnu-debuglink=every.debug", "every"]):
            subprocess.run(command, check=True, cwd=folder)
    r = gt.run(program, folder / "p")
    assert r.status == 0 and not r.stderr, r
    return request.param, program, folder / "p"


@pytest.mark.parametrize("name", EVERY)
def test_functions_lines_and_sums(written, name, tmp_path):
    function, column, least, most = EVERY[name]
    p = pt.read(f"{written[2]}.{name}")
    assert least <= p.total(column, function) <= most
    if function:
        line = pt.line_of("every.c", LINE.get(name, name))
        assert {(f, n) for s in p.with_function(function) for f, file, n in s.stack
                if f == function and file == str(PROGRAM)} >= {(function, line)}
    if shutil.which("protoc"):
        text = pt.protoc_decode(p, tmp_path)
        assert pt.known_fields_only(text), text[:2000]
        assert text.count("\nsample {") == len(p.samples)


def check_tool(name, path, folder):
    """Go's tool agrees, whichever way it is asked."""
    function = EVERY[name][0]
    if not function:
        assert "Type: threadcreate" in pt.go_pprof("-top", path)
        return
    line = pt.line_of("every.c", LINE.get(name, name))
    assert re.search(rf"\b{function} .*every\.c:{line}\b", pt.go_pprof("-top", "-lines", path)), name
    assert re.search(rf"\b{function}$", pt.go_pprof("-traces", path), re.M)
    assert re.search(rf"^\s+\S+\s+\S+\s+{line}:", pt.go_pprof("-list", f"^{function}$", path), re.M)
    assert "Showing nodes accounting for 0, 0% of" in pt.go_pprof("-top", "-diff_base", path, path)
    if shutil.which("dot"):
        pt.go_pprof("-svg", "-output", folder / "graph.svg", path)
        assert function in (folder / "graph.svg").read_text()


@pt.needs_go
@pytest.mark.parametrize("name", EVERY)
def test_go_s_tool(written, name, tmp_path):
    check_tool(name, f"{written[2]}.{name}", tmp_path)
