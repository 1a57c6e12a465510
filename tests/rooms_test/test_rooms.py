"""The house rules that a compiler doesn't hold: who may include whom, where entry points and OS calls live, sizes, paths.

include <- base <- {runtime, detector, pprof, cli}; instrument knows include alone; no room includes another's files.
"""

import re
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

MAY_INCLUDE = {  # room -> the folders whose files it may include, besides its own
    "include": set(),
    "base": {"include"},
    "instrument": {"include"},
    "runtime": {"include", "base"},
    "detector": {"include", "base"},
    "pprof": {"include", "base"},
    "cli": {"include", "base"},
}
IN_A_PROCESS = ("base", "runtime", "detector", "pprof")  # rooms that are linked into a user's program
LINES_MAX = 500  # of a file (style.md)
SOURCES = ("*.c", "*.h", "*.cpp", "*.inc", "*.S")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def files_of(room):
    return sorted(p for pattern in SOURCES for p in (gt.REPO / room).rglob(pattern))


def without_comments(text):
    """C text with comments and string contents blanked, lines kept."""
    def blank(m):
        s = m[0]
        return s if s[0] in "\"'" else re.sub(r"[^\n]", " ", s)
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)


def included_file(path, name, quoted):
    """The file of the repository that an #include names, or None for a system header."""
    folders = [path.parent] if quoted else []
    folders += [gt.REPO / "include", gt.REPO]
    return next((f for f in ((d / name).resolve() for d in folders) if f.is_file() and gt.REPO in f.parents), None)


def room_of(path):
    return path.relative_to(gt.REPO).parts[0]


def broken_includes(room, allowed):
    for path in files_of(room):
        for quote, name in INCLUDE.findall(without_comments(path.read_text())):
            target = included_file(path, name, quote == '"')
            if target is None:
                if quote == '"' and not (room == "instrument" and name.startswith(("llvm/", "llvm-c/"))):
                    yield f'{path}: "{name}" is not there'
            elif room_of(target) not in allowed | {room}:
                yield f"{path}: includes {name} of the room {room_of(target)}"


@pytest.mark.parametrize("room", MAY_INCLUDE)
def test_includes(room):
    assert not list(broken_includes(room, MAY_INCLUDE[room]))


def test_the_check_of_includes_can_fail(tmp_path, monkeypatch):
    for name, text in {"base/a.h": "", "runtime/b.h": "", "runtime/c.c": '#include "b.h"\n#include "base/a.h"\n',
                       "base/bad.c": '#include "runtime/b.h"\n', "cli/bad.c": '#include "nowhere.h"\n',
                       "cli/good.c": '/* #include "runtime/b.h" */\n#include <stdio.h>\n'}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(gt, "REPO", tmp_path)
    assert not list(broken_includes("runtime", MAY_INCLUDE["runtime"]))
    assert len(list(broken_includes("base", MAY_INCLUDE["base"]))) == 1
    assert len(list(broken_includes("cli", MAY_INCLUDE["cli"]))) == 1


def test_public_header_stands_alone():
    """include/godwit.h is all that a user's file sees: it may pull in only what is installed."""
    text = (gt.REPO / "include" / "godwit.h").read_text()
    for quote, name in INCLUDE.findall(without_comments(text)):
        assert quote == "<" or (gt.REPO / "include" / name).is_file(), name


def entry_points():
    """The names that abi.inc declares, atomics of all sizes included."""
    text = without_comments((gt.REPO / "include/godwit/abi.inc").read_text())
    names = set()
    for name in re.findall(r"\b(__gw_[A-Za-z0-9_#]+)", text):
        names |= {name.replace("##N##", n) for n in ("8", "16", "32", "64", "128")}
    return names


def test_entry_points_only_in_abi():
    """A __gw_ function is declared by abi.inc (or is a __gw_i_ twin of intercept.inc), and by hand nowhere."""
    known = entry_points()
    listed = set(re.findall(r"__gw_[a-z0-9_]+", (gt.REPO / "include/godwit/abi.h").read_text()))
    listed |= {"__gw_cli_path"}  # data that the pass leaves in a program
    bad = []
    for room in MAY_INCLUDE:
        for path in files_of(room):
            text = without_comments(path.read_text())
            for m in re.finditer(r"^[A-Za-z_][\w \t*]*?[ *](__gw_(?!i_)\w+)\s*\([^;{]*\)[^;{]*;", text, re.M):
                if path.name not in ("abi.h", "abi.inc"):
                    bad.append(f"{path}: prototype of {m[1]}")
            if path.suffix == ".c":
                for m in re.finditer(r"^[A-Za-z_][\w \t*]*?[ *](__gw_(?!i_)\w+)\s*\([^;{]*\)\s*\{", text, re.M):
                    if m[1] not in known and m[1] not in listed:
                        bad.append(f"{path}: {m[1]} is not in abi.inc")
    assert not bad


def test_environment_is_read_in_one_place():
    """In a user's process the environment is base/options.c's alone; the tool may look where it needs to."""
    for room in IN_A_PROCESS:
        for path in files_of(room):
            if path != gt.REPO / "base" / "options.c":
                assert not re.search(r"\b(secure_)?getenv\s*\(", without_comments(path.read_text())), path


def test_no_malloc_in_a_process():
    """The runtime and the detector have an arena: malloc is the user's, and may be locked when we run."""
    call = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|strdup|asprintf|fopen|printf|fprintf)\s*\(")
    bad = []
    for room in ("base", "runtime"):
        for path in files_of(room):
            text = without_comments(path.read_text())
            bad += [f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {m[1]}" for m in call.finditer(text)]
    assert not bad


@pytest.mark.parametrize("room", MAY_INCLUDE)
def test_sizes(room):
    long = {str(p): n for p in files_of(room) if (n := len(p.read_text().splitlines())) > LINES_MAX}
    assert not long, f"more than {LINES_MAX} lines: split by noun"


def tracked_files():
    """What a clone has: by git, or, in a copy without it, all but the build."""
    try:
        names = subprocess.run(["git", "-C", gt.REPO, "ls-files", "-z"], capture_output=True, check=True).stdout
        return [gt.REPO / n for n in names.decode().split("\0") if n]
    except (OSError, subprocess.CalledProcessError):
        return [p for p in gt.REPO.rglob("*") if p.is_file() and p.relative_to(gt.REPO).parts[0] not in ("build", ".git")]


def test_no_paths_of_one_machine():
    """A file must mean the same on every machine: no home or scratch folder of whoever wrote it."""
    path = re.compile(rb"(?<![\w.$}])/(?:work|home|root|tmp/b-|Users)/[\w.-]+")
    bad = []
    for file in tracked_files():
        if file.is_file() and file != Path(__file__):
            bad += [f"{file}: {m[0].decode()}" for m in path.finditer(file.read_bytes())]
    assert not bad


def test_no_unfinished_work():
    mark = re.compile(rb"\b(TODO|FIXME|XXX)\b")
    assert not [str(p) for p in tracked_files() if p.suffix in (".c", ".h", ".cpp", ".inc", ".S", ".py", ".sh", ".txt")
                and p != Path(__file__) and mark.search(p.read_bytes())]


def test_every_file_says_what_it_is():
    """A source file opens with a comment."""
    for room in MAY_INCLUDE:
        for path in files_of(room):
            assert path.read_text().lstrip().startswith(("/*", "//", "#")), f"{path}: no head comment"
