"""What clang gets from `godwit cc`, and what the user gets when a part is missing."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

HELLO = '#include <stdio.h>\nint main(void) {\n  puts("hello");\n  return 0;\n}\n'


@pytest.fixture
def folder(build, tmp_path):
    (tmp_path / "a.c").write_text(HELLO)
    return tmp_path


def cc(*args, folder, **kwargs):
    return gt.run(gt.GODWIT_CLANG, *args, cwd=folder, **kwargs)


def steps(*args, folder, env=None):
    """The programs that clang would run, each as a list of words: the compilers, and the linkers."""
    r = cc("-###", *args, folder=folder, env=env)
    assert r.status == 0, r
    commands = [shlex.split(line) for line in r.stderr.splitlines() if line.startswith(' "')]
    links = [c for c in commands if Path(c[0]).name in ("ld", "ld.lld", "ld64.lld", "lld")]
    return [c for c in commands if "-cc1" in c], links


def libraries(command):
    return [Path(w).name for w in command if Path(w).name.startswith("libgodwit")]


def test_compile_only(folder):
    compiles, links = steps("-c", "a.c", folder=folder)
    assert len(compiles) == 1 and not links
    assert "-godwit-mode=plain" in compiles[0] and not [w for w in compiles[0] if "__GODWIT_RACE__" in w]
    assert any(w.endswith("godwit_pass.so") for w in compiles[0])


@pytest.mark.parametrize("place", range(4))
def test_race_anywhere(folder, place):
    args = ["-c", "a.c", "-O2"]
    args.insert(place, "-race")
    compiles, _ = steps(*args, folder=folder)
    assert "-godwit-mode=race" in compiles[0] and "__GODWIT_RACE__=1" in compiles[0]
    assert "-mframe-pointer=all" in compiles[0]


def test_both_names_are_one_command(folder):
    a = gt.run(gt.GODWIT, "cc", "-race", "-###", "a.c", cwd=folder).stderr
    b = cc("-race", "-###", "a.c", folder=folder).stderr
    assert re.sub(r"/tmp/a-\w+\.o", "", a) == re.sub(r"/tmp/a-\w+\.o", "", b)


def test_the_runtime_comes_last_and_whole(folder):
    for flags, library in (((), "libgodwit.a"), (("-race",), "libgodwit_race.a")):
        _, links = steps(*flags, "a.c", "-lz", "-o", "a", folder=folder)
        link = links[0]
        assert libraries(link)[0] == library
        at = next(i for i, w in enumerate(link) if w.endswith(library))
        assert link[:at].index("--whole-archive") > link.index("-lz") and "--no-whole-archive" in link[at:]
        assert "--export-dynamic-symbol=__gw_*" in link and "--export-dynamic-symbol=gw_*" in link
        assert {"-lpthread", "-ldl", "-lm"} <= set(link[at:])


@pytest.mark.parametrize("flags", [("-shared", "-fPIC"), ("-r",)])
def test_no_runtime_in_libraries_and_partial_links(folder, flags):
    _, links = steps("-race", *flags, "a.c", "-o", "x", folder=folder)
    assert len(links) == 1 and not libraries(links[0])


def test_a_library_may_be_linked_without_undefined_names(folder):
    """-z defs in a project's flags stays harmless."""
    (folder / "l.c").write_text("int x;\nint f(void) { return x; }\n")
    r = cc("-race", "-shared", "-fPIC", "-Wl,-z,defs", "l.c", "-o", "l.so", folder=folder)
    assert r.status == 0 and not r.stderr, r


@pytest.mark.parametrize("flag", ["-c", "-S", "-E", "-fsyntax-only", "-M", "-MM"])
def test_what_stops_before_the_link(folder, flag):
    _, links = steps("-race", flag, "a.c", folder=folder)
    assert not links


@pytest.mark.parametrize("flags", [("-MD",), ("-MMD", "-MF", "x.d"), ("-o", "-race"), ("-include", "a.h"), ("-D", "-c")])
def test_what_does_not_stop_it(folder, flags):
    """Dependencies on the side, and values that look like options."""
    (folder / "a.h").write_text("")
    _, links = steps(*flags, "a.c", folder=folder)
    assert len(links) == 1 and libraries(links[0])


def test_a_value_that_looks_like_race(folder):
    compiles, _ = steps("-c", "a.c", "-o", "-race", folder=folder)
    assert "-godwit-mode=plain" in compiles[0] and "-race" in compiles[0]


def test_static(folder):
    _, links = steps("-race", "-static", "a.c", folder=folder)
    assert "libgodwit_race.a" in libraries(links[0]) and "libgodwit_interpose.a" not in libraries(links[0])


def test_standard_input_and_languages(folder):
    """A library after `-x c` is still a library."""
    r = cc("-x", "c", "-", "-o", "a", folder=folder, stdin=HELLO)
    assert r.status == 0 and not r.stderr, r
    assert gt.run(folder / "a").stdout == "hello\n"


def test_response_files(folder):
    (folder / "args").write_text('-race "a.c" -o\n\'a b\'\n')
    (folder / "outer").write_text("-O2 @args -DX=\\\"y\\\"\n")
    for name in ("args", "outer"):
        compiles, links = steps(f"@{name}", folder=folder)
        assert "-godwit-mode=race" in compiles[0] and "a b" in links[0] and "libgodwit_race.a" in libraries(links[0])
    (folder / "plain").write_text("-c a.c")
    compiles, links = steps("@plain", folder=folder)
    assert "-godwit-mode=plain" in compiles[0] and not links
    r = cc("@nowhere", folder=folder)
    assert r.status == 1 and "nowhere" in r.stderr, "clang's to complain about"


def test_questions_to_the_compiler(folder):
    for question in ("--version", "-dumpversion", "-dumpmachine", "-print-search-dirs", "-print-prog-name=ld"):
        ours, theirs = cc(question, folder=folder), gt.run("clang-19", question)
        assert (ours.status, ours.stdout) == (theirs.status, theirs.stdout), question
        assert "warning" not in ours.stderr
    assert "clang version 19" in cc("-v", folder=folder).stderr


def test_no_input_is_clang_s_to_complain_about(folder):
    r = cc("-race", "-O2", folder=folder)
    assert r.status == 1 and "no input files" in r.stderr, r


def test_assembler_files_and_objects(folder):
    (folder / "s.S").write_text(".globl f\nf: ret\n.section .note.GNU-stack\n")
    r = cc("-race", "-Werror", "-c", "s.S", "-o", "s.o", folder=folder)
    assert r.status == 0 and not r.stderr, r
    r = cc("-race", "-Werror", "-c", "a.c", "-o", "a.o", folder=folder)
    assert r.status == 0 and not r.stderr, r
    _, links = steps("-race", "-Werror", "a.o", "s.o", folder=folder)
    assert "libgodwit_race.a" in libraries(links[0])


def test_cxx_stays_as_it_is(folder):
    (folder / "p.cpp").write_text("int x; int f() { return x; }\n")
    compiles, _ = steps("-c", "p.cpp", folder=folder)
    assert not [w for w in compiles[0] if "godwit_pass" in w]
    r = cc("-race", "-c", "p.cpp", folder=folder)
    assert r.status == 0 and len(r.stderr.splitlines()) == 1 and "C++" in r.stderr, r
    symbols = subprocess.check_output(["nm", folder / "p.o"], text=True)
    assert "__gw_" not in symbols


def test_objects_without_the_pass_link(folder):
    """What another compiler made is taken; its accesses are unseen."""
    subprocess.run(["gcc", "-c", "a.c"], cwd=folder, check=True)
    r = cc("-race", "a.o", "-o", "a", folder=folder)
    assert r.status == 0 and not r.stderr and gt.run(folder / "a") == gt.Result(0, "hello\n", ""), r


def test_clang_s_status_is_ours(folder):
    (folder / "bad.c").write_text("int main(void) { return x; }\n")
    r = cc("-race", "bad.c", folder=folder)
    assert r.status == 1 and "bad.c:1:25: error" in r.stderr, r


@pytest.mark.parametrize("name", ["address", "thread", "undefined,address", "leak,undefined"])
def test_sanitizers_of_their_own_kind(folder, name):
    """Two tools can't both stand between a program and its malloc and threads."""
    r = cc("-race", "-c", "a.c", f"-fsanitize={name}", folder=folder)
    assert r.status == 125 and f"-fsanitize={name}" in r.stderr and len(r.stderr.splitlines()) == 1, r
    assert cc("-c", "a.c", f"-fsanitize={name}", folder=folder).status == 0
    assert cc("-race", "-c", "a.c", "-fsanitize=undefined", folder=folder).status == 0


def test_nothing_to_do(build):
    r = gt.run(gt.GODWIT_CLANG)
    assert r.status == 64 and len(r.stderr.splitlines()) == 1, r


# Missing and wrong parts: one line, 125, and a way out


def one_line(r, *words):
    assert r.status == 125 and not r.stdout and len(r.stderr.splitlines()) == 1, r
    assert all(word in r.stderr for word in words), r


def test_no_clang(folder):
    for command in ((gt.GODWIT_CLANG, "a.c"), (gt.GODWIT, "run", "a.c")):
        one_line(gt.run(*command, cwd=folder, env={"PATH": "/nowhere"}), "clang-19", "apt-get install", "GODWIT_CLANG")
    one_line(cc("a.c", folder=folder, env={"GODWIT_CLANG": "/nowhere/clang"}), "/nowhere/clang", "GODWIT_CLANG")


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("says", ["Debian clang version 14.0.6", "gcc (Debian 12.2.0) 12.2.0", "", "clang version 190.1"])
def test_a_wrong_clang(folder, says):
    fake = script(folder / "clang-19", f'echo "{says}"\n')
    one_line(cc("a.c", folder=folder, env={"GODWIT_CLANG": fake}), "19", str(fake))
    one_line(cc("a.c", folder=folder, env={"PATH": f"{folder}:{os.environ['PATH']}"}), "19", str(fake))


def test_a_wrapper_around_the_right_clang(folder):
    fake = script(folder / "my-cc", 'exec clang-19 "$@"\n')
    r = cc("a.c", "-o", "a", folder=folder, env={"GODWIT_CLANG": fake})
    assert r.status == 0 and not r.stderr and gt.run(folder / "a").stdout == "hello\n", r


@pytest.fixture
def copy(folder):
    """An installation of its own, to take parts out of."""
    root = folder / "copy"
    (root / "bin").mkdir(parents=True)
    shutil.copy(gt.GODWIT, root / "bin" / "godwit")
    (root / "include").symlink_to(gt.BUILD / "include")
    (root / "lib" / "godwit").mkdir(parents=True)
    for part in (gt.BUILD / "lib" / "godwit").iterdir():
        if part.is_file():
            (root / "lib" / "godwit" / part.name).symlink_to(part)
    return root


def test_a_copy_works_in_its_place(copy, folder):
    r = gt.run(copy / "bin" / "godwit", "cc", "a.c", "-o", "a", cwd=folder)
    assert r.status == 0 and not r.stderr, r


def test_no_plugin(copy, folder):
    (copy / "lib" / "godwit" / "godwit_pass.so").unlink()
    one_line(gt.run(copy / "bin" / "godwit", "cc", "-race", "-c", "a.c", cwd=folder), "godwit_pass.so", "doctor")
    r = gt.run(copy / "bin" / "godwit", "cc", "a.c", "-o", "a", cwd=folder)
    assert r.status == 0 and len(r.stderr.splitlines()) == 1 and "warning" in r.stderr, r


def test_a_plugin_that_does_not_load(copy, folder):
    plugin = copy / "lib" / "godwit" / "godwit_pass.so"
    plugin.unlink()
    plugin.write_text("no plugin")
    r = gt.run(copy / "bin" / "godwit", "cc", "-race", "-c", "a.c", cwd=folder)
    assert r.status == 1 and "godwit_pass.so" in r.stderr, r
    r = gt.run(copy / "bin" / "godwit", "doctor")
    assert r.status == 125 and re.search(r"^FAIL  plugin .*godwit_pass.so", r.stdout, re.M), r


@pytest.mark.parametrize("flags, library", [((), "libgodwit.a"), (("-race",), "libgodwit_race.a")])
def test_no_library(copy, folder, flags, library):
    (copy / "lib" / "godwit" / library).unlink()
    one_line(gt.run(copy / "bin" / "godwit", "cc", *flags, "a.c", cwd=folder), library, "doctor")
    assert gt.run(copy / "bin" / "godwit", "cc", *flags, "-c", "a.c", cwd=folder).status == 0


def test_called_through_a_link(folder):
    """A link elsewhere finds the parts of what it leads to."""
    (folder / "godwit-clang").symlink_to(gt.GODWIT)
    r = gt.run(folder / "godwit-clang", "a.c", "-o", "a", cwd=folder)
    assert r.status == 0 and not r.stderr, r
