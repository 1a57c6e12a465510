"""The pass: what it makes of C and IR (FileCheck), and what that does beside a runtime that only takes notes."""

import re
import shlex
from pathlib import Path

import pytest

import godwit_testing as gt
from instrument_testing import CLANG, HERE, LEVELS, LTO, PASS, PLUGIN, RUN, WARNINGS, command


def checks():
    """Each RUN line of ir/: (file, tool, flags, prefix)."""
    for path in sorted((HERE / "ir").iterdir()):
        for tool, flags, prefix in re.findall(r"RUN: (clang|opt)(.*?) *\| (\w+)", path.read_text()):
            yield pytest.param(path, tool, flags.split(), prefix, id=f"{path.name}-{prefix}{flags.replace(' ', '')}")


@pytest.mark.parametrize("path, tool, flags, prefix", checks())
def test_filecheck(path, tool, flags, prefix, tmp_path):
    out = tmp_path / "out"
    if tool == "clang":
        command(CLANG, *PASS, *flags, path, "-o", out)
    else:
        command("opt-19", f"-load-pass-plugin={PLUGIN}", "-passes=godwit-start,godwit-last,verify", "-S", path, "-o", out)
        command("llc-19", "-mattr=+cx16,+avx2", out, "-o", "/dev/null")
    command("FileCheck-19", f"--check-prefix={prefix}", f"--input-file={out}", path)


@pytest.fixture(scope="session")
def mock(tmp_path_factory):
    out = tmp_path_factory.mktemp("mock") / "mock.o"
    command(CLANG, "-g", "-O1", *WARNINGS, f"-I{gt.REPO / 'include'}", "-c", RUN / "mock.c", "-o", out)
    return out


def build(name, flags, mock, folder, plain=()):
    """run/NAME.c with the pass, run/NAME_main.c (and plain objects) without it, and the mock runtime: a program."""
    flags = shlex.split(flags)
    code = [f for f in flags if not f.startswith("-fuse-ld") and f not in ("-no-pie", "-static")]
    command(CLANG, "-g", *WARNINGS, *code, *PASS, "-c", RUN / f"{name}.c", "-o", folder / "checked.o",
            *(["-DRUN=checked_run"] if plain else []))
    objects = [folder / "checked.o", mock]
    for i, define in enumerate(plain):
        command(CLANG, "-g", *WARNINGS, *code, define, "-c", RUN / f"{name}.c", "-o", folder / f"plain{i}.o")
        objects.append(folder / f"plain{i}.o")
    pie = [f for f in code if f in ("-fPIC", "-fno-pie")]
    command(CLANG, "-g", "-O1", *WARNINGS, *pie, "-c", RUN / f"{name}_main.c", "-o", folder / "main.o")
    link = [f for f in flags if "lto" in f or f.startswith("-fuse-ld") or f in ("-no-pie", "-static")]
    command(CLANG, *link, folder / "main.o", *objects, "-o", folder / name)
    return folder / name


@pytest.mark.parametrize("flags", [*LEVELS, *LTO, "-O2 -fPIC", "-O2 -fno-pie -no-pie", "-O2 -march=haswell", "-O2 -static"])
def test_each_check_is_exact(flags, mock, tmp_path):
    """Every size and alignment, every byte of the mask, every bit of the epoch, both planes."""
    assert command(build("exact", flags, mock, tmp_path)) == "42\n"


@pytest.mark.parametrize("flags", [*LEVELS, *LTO, "-O2 -fPIC", "-O2 -fno-pie -no-pie"])
def test_no_epoch_outlives_its_region(flags, mock, tmp_path):
    assert command(build("regions", flags, mock, tmp_path)) == "regions\n"


@pytest.mark.parametrize("flags", [*LEVELS, *LTO, "-O2 -fPIC", "-O0 -fPIC", "-O2 -fno-pie -no-pie", "-O2 -static",
                                   "-O0 -fexceptions", "-O2 -fexceptions", "-O2 -fPIC -fexceptions"])
def test_the_word_of_calls_is_right_everywhere(flags, mock, tmp_path):
    program = build("calls", flags, mock, tmp_path)
    assert command(program, *(["unwind"] if "exceptions" in flags else [])) == "calls\n"


@pytest.mark.parametrize("flags", [*LEVELS, *LTO, "-O2 -mcx16", "-O0 -mcx16"])
def test_atomics_of_every_size_and_order(flags, mock, tmp_path):
    program = build("atomics", flags, mock, tmp_path, plain=["-DRUN=plain_run"])
    assert command(program, *(["16"] if "cx16" in flags else [])) == "atomics\n"


@pytest.mark.parametrize("flags", [*LEVELS, *LTO, "-O3 -march=haswell"])
def test_no_access_is_invented(flags, mock, tmp_path):
    """Selects, loads and stores moved out of loops, widened loads, merged stores: only what the source does."""
    assert command(build("speculation", flags, mock, tmp_path)) == "speculation\n"


def test_the_optimiser_would_invent_accesses(tmp_path):
    """The test above means something: without the pass the load in `c ? word : 0` is made in any case."""
    out = tmp_path / "out.ll"
    command(CLANG, "-O2", "-S", "-emit-llvm", RUN / "speculation.c", "-o", out)
    body = re.search(r"define [^\n]* @speculation_select\(.*?\n}", out.read_text(), re.S).group(0)
    assert "select i1" in body and "br i1" not in body


def records(path):
    """The names in an object or program: (file, line, column, op, name, source)."""
    raw = path.with_suffix(".names")
    command("llvm-objcopy-19", "--dump-section", f".gw_names={raw}", path, "/dev/null")
    fields = raw.read_bytes().decode().split("\0")
    assert fields.pop() == "" and len(fields) % 5 == 0
    for at in range(0, len(fields), 5):
        line, column = map(int, fields[at + 1].split(":"))
        yield (fields[at], line, column, *fields[at + 2 : at + 5])


def expected_names(path):
    """`// NAMES: w p.x local; r q global` on a line: exactly these for that line."""
    names = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.search(r"// NAMES: (.*)", line)
        for item in found.group(1).split("; ") if found else []:
            op, name, source = item.split(" ", 2)
            names.setdefault(number, set()).add((op, name, source))
    return names


@pytest.mark.parametrize("flags", ["-O0", "-O2 -fno-inline"])
def test_names(flags, tmp_path):
    source = RUN / "names.c"
    out = tmp_path / "names.o"
    command(CLANG, "-g", *WARNINGS, *flags.split(), *PASS, "-c", source, "-o", out)
    found = {}
    for file, line, _, op, name, kind in records(out):
        assert Path(file) == source
        found.setdefault(line, set()).add((op, name, kind))
    wanted = expected_names(source)
    if flags != "-O0":  # the optimiser may drop a read, never add a name
        wanted = {line: {n for n in names if n in found.get(line, ())} for line, names in wanted.items()}
        assert sum(map(len, wanted.values())) >= 20
        wanted = {line: names for line, names in wanted.items() if names}
    assert found == wanted


@pytest.mark.parametrize("flags", LTO)
def test_names_survive_lto(flags, mock, tmp_path):
    program = build("names", flags, mock, tmp_path)
    assert command(program) == "names\n"
    assert any(name == "account.balance" for *_, name, _ in records(program))


def test_file_names_are_those_of_the_line_table(tmp_path):
    """A relative source is joined with the folder that it was compiled in."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.c").write_text("int word;\nvoid f(void);\nvoid f(void) { word = 1; }\n")
    command(CLANG, "-g", "-O1", *PASS, "-c", "sub/a.c", "-o", "a.o", cwd=tmp_path)
    assert [r[0] for r in records(tmp_path / "a.o")] == [str(tmp_path / "sub" / "a.c")]


def thunk_calls(path):
    """How many checks a bitcode or IR file has."""
    text = command("llvm-dis-19", path, "-o", "-") if path.suffix == ".bc" else path.read_text()
    return len(re.findall(r"call preserve_allcc void @__gw_", text))


def test_nothing_is_instrumented_twice(tmp_path):
    source = RUN / "regions.c"
    once, twice, fat = (tmp_path / n for n in ("once.ll", "twice.ll", "fat.o"))
    command(CLANG, "-O2", *PASS, "-S", "-emit-llvm", source, "-o", once)
    command(CLANG, "-O2", *PASS, "-S", "-emit-llvm", once, "-o", twice)
    assert thunk_calls(once) > 10
    assert thunk_calls(twice) == thunk_calls(once)
    command(CLANG, "-O2", *PASS, "-c", "-flto", "-ffat-lto-objects", source, "-o", fat)
    calls = command("llvm-objdump-19", "-dr", fat).count("__gw_write")
    assert calls == command("llvm-objdump-19", "-dr", compile_object(source, tmp_path)).count("__gw_write")


def compile_object(source, folder, *flags):
    out = folder / (source.stem + ".o")
    command(CLANG, "-O2", *PASS, *flags, "-c", source, "-o", out)
    return out


def test_a_runtime_of_another_version_fails_to_link(tmp_path):
    program = tmp_path / "p.c"
    program.write_text("int word; int main(void) { return word++; }\n")
    message = command(CLANG, compile_object(program, tmp_path), "-o", tmp_path / "p", status=1)
    assert "__gw_abi_v3" in message


LIBRARY = "long library_word; _Thread_local int by_thread; int touch(void); int touch(void) { by_thread++; return (int)++library_word; }\n"
USERS = {
    "linked": ("int touch(void); int main(void) { return touch() - 1; }", ["-Wl,-rpath,$ORIGIN"]),
    "now": ("int touch(void); int main(void) { return touch() - 1; }", ["-Wl,-rpath,$ORIGIN", "-Wl,-z,now"]),
    "dlopen": ('#include <dlfcn.h>\nint main(int c, char **v) { (void)c; void *h = dlopen(v[1], RTLD_NOW);'
               ' return h ? ((int (*)(void))dlsym(h, "touch"))() - 1 : 7; }', None),
}


@pytest.mark.parametrize("user", USERS)
def test_a_library_in_a_process_without_the_runtime(user, tmp_path):
    (tmp_path / "l.c").write_text(LIBRARY)
    library = tmp_path / "libl.so"
    command(CLANG, "-shared", compile_object(tmp_path / "l.c", tmp_path, "-fPIC"), "-o", library)
    source, flags = USERS[user]
    (tmp_path / "u.c").write_text(source)
    link = ["-ldl"] if flags is None else [library, *flags]
    command(CLANG, tmp_path / "u.c", *link, "-o", tmp_path / "u")
    message = command(tmp_path / "u", library, status=125)
    assert message.count("\n") == 1 and message.startswith("godwit: ") and "-race" in message


def test_a_library_in_a_process_with_the_runtime(mock, tmp_path):
    (tmp_path / "l.c").write_text(LIBRARY)
    command(CLANG, "-shared", compile_object(tmp_path / "l.c", tmp_path, "-fPIC"), "-o", tmp_path / "libl.so")
    (tmp_path / "u.c").write_text("int touch(void); void mock_start(void); extern int mock_count;"
                                  " int main(void) { mock_start(); touch(); return mock_count; }")
    command(CLANG, tmp_path / "u.c", mock, tmp_path / "libl.so", "-rdynamic", "-Wl,-rpath,$ORIGIN", "-o", tmp_path / "u")
    command(tmp_path / "u", status=2)  # both variables: by_thread could be reached by another module


def test_another_llvm_is_refused(tmp_path):
    """A compiler of another release has its own libLLVM in the process."""
    (tmp_path / "stub.c").write_text("int other_llvm;\n")
    other = tmp_path / "libLLVM-18.so.1"
    command(CLANG, "-shared", "-fPIC", tmp_path / "stub.c", "-o", other)
    message = command(CLANG, f"-fplugin={other}", *PASS, "-c", RUN / "regions.c", "-o", tmp_path / "o.o", status=1)
    line = next(m for m in message.splitlines() if "godwit_pass.so" in m)
    assert "libLLVM-18" in line and "use clang-19" in line
    assert "Stack dump" not in message


def test_another_target_is_refused(tmp_path):
    message = command(CLANG, "--target=aarch64-linux-gnu", "-ffreestanding", *PASS, "-c", RUN / "regions.c", "-o",
                      tmp_path / "o.o", status=1)
    assert "only x86-64" in message and "Stack dump" not in message


def test_remarks(tmp_path):
    message = command(CLANG, "-O1", "-g", *PASS, "-Rpass=godwit", "-c", RUN / "regions.c", "-o", tmp_path / "o.o")
    assert re.search(r"regions\.c:\d+:\d+: remark: checked 2 plain and 1 atomic accesses", message)
    assert re.search(r"regions\.c:\d+:\d+: remark: 2 checks inline, 0 called", message)
    source = tmp_path / "r.c"
    source.write_text("struct { double re, im; } p; volatile int flag;\n"
                      "double f(void) { while (!flag) {} return p.re * p.im; }\n")
    message = command(CLANG, "-O1", "-g", *PASS, "-Rpass=godwit", "-c", source, "-o", tmp_path / "o.o")
    assert "r.c:2:1: remark: 2 checks of neighbours joined to 1" in message
    assert "r.c:2:1: remark: 1 preemption polls, 0 between strips of a loop" in message


def own_sources():
    for room in ("base", "runtime", "pprof"):
        yield from sorted((gt.REPO / room).glob("*.c"))


@pytest.mark.parametrize("flags", ["-O0", "-O2", "-O3 -march=haswell", "-Os -fPIC"])
def test_every_source_of_the_project_survives(flags, tmp_path):
    """Not that they would run so: the pass must not crash or break a module."""
    for source in own_sources():
        command(CLANG, "-w", "-g", *flags.split(), *PASS, "-DGW_RACE=1", "-D_GNU_SOURCE", f"-I{gt.REPO / 'include'}", f"-I{gt.REPO}",
                "-c", source, "-o", tmp_path / "o.o")
