"""Stacks, names and fingerprints from raw findings; the pipe that a process talks through."""

import copy
import json
import os
import shutil
import signal
import subprocess

import pytest

import cli_testing as ct
import godwit_testing as gt


def functions(stack):
    return [f.get("function") for f in stack]


def places(stack, m):
    return [(f.get("function"), f.get("line"), f.get("inlined", False)) for f in stack]


# Stacks


def test_inlined_frames(bank, tmp_path):
    stack = ct.resolved(ct.race(bank), tmp_path)["accesses"][0]["stack"]
    assert places(stack, bank) == [("add", bank.line("add"), True), ("deposit", bank.line("deposit"), False),
                                   ("teller", bank.line("teller"), False)]
    assert stack[0]["file"] == str(bank.source) and stack[0]["column"] == 14
    assert stack[0]["offset"] == stack[1]["offset"] and stack[0]["module"] == str(bank.path)


def test_stacks_end_at_main(bank, tmp_path):
    f = ct.resolved(ct.race(bank), tmp_path)
    assert functions(f["accesses"][1]["stack"]) == ["audit", "main"]
    assert functions(f["accesses"][0]["created_at"]) == ["main"]


def test_the_runtime_s_frames_go(bank, tmp_path):
    """Ours are gw_*; a user's function may well be called race_*."""
    raw = ct.race(bank)
    raw["accesses"][0]["stack"] = [bank.at("wrapper", "gw_test_wrapper"), bank.at("race_", "race_to_the_bottom"),
                                   bank.at("teller", "teller"), bank.at("wrapper", "gw_test_wrapper"), ct.LIBC]
    raw["accesses"][1]["stack"] = [bank.at("wrapper", "gw_test_wrapper")]
    f = ct.resolved(raw, tmp_path)
    assert functions(f["accesses"][0]["stack"]) == ["race_to_the_bottom", "teller"]
    assert functions(f["accesses"][1]["stack"]) == ["gw_test_wrapper"], "a stack that is all ours stays"


def libc_start():
    """A frame in the libc that is there, where every program begins."""
    maps = open("/proc/self/maps", encoding="utf8").read().split()
    path = next(word for word in maps if os.path.basename(word).startswith("libc.so"))
    symbols = subprocess.run(["readelf", "-W", "--dyn-syms", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    value = next(line.split()[1] for line in symbols.splitlines() if " __libc_start_main@" in line)
    return {"module": path, "offset": hex(int(value, 16) + 5)}


def test_where_the_system_begins(bank, tmp_path):
    """Known by its symbol, and dropped as the runtime's frames are; but not where it is all that there is."""
    raw = ct.race(bank)
    raw["accesses"][0]["stack"] = [bank.at("teller", "teller"), libc_start(), libc_start(),
                                   {"module": "?", "offset": "0xffffffffffffffff"}]
    raw["accesses"][1]["stack"] = [bank.at("wrapper", "gw_test_wrapper"), libc_start()]
    f = ct.resolved(raw, tmp_path)
    assert functions(f["accesses"][0]["stack"]) == ["teller"]
    ours, start = functions(f["accesses"][1]["stack"])
    assert ours == "gw_test_wrapper" and start.startswith("__libc_start_main")


def test_calls(bank, tmp_path):
    """A finding that isn't about memory has neither size nor address; a place that isn't known is no frame."""
    raw = ct.race(bank, kind="GW1006", message="unlock of an unlocked mutex")
    raw["accesses"] = [{**raw["accesses"][1], "op": "read", "size": 0, "address": "0x0"}]
    access = ct.resolved(raw, tmp_path)["accesses"][0]
    assert access["op"] == "call" and access["address"] is None and "size" not in access
    raw["accesses"][0]["stack"] = [{"module": "?", "offset": "0xffffffffffffffff"}]
    assert ct.resolved(raw, tmp_path)["accesses"][0]["stack"] == []


def asleep(text, **changes):
    return {"schema": "godwit-finding-1", "kind": "GW1003", "message": "all goroutines are asleep", "accesses": [],
            "memory": {"kind": "unknown"}, "text": text, **changes}


def test_a_dump_of_goroutines(bank, tmp_path):
    """Places in the text become lines; its offsets are return addresses."""
    def offset(mark, function):
        return hex(int(bank.at(mark, function)["offset"], 16) + 1)

    path = str(bank.path)
    text = (f"goroutine 1 [chan send]:\ndeposit(...)\n\t{path}+{offset('add', 'deposit')} +0x2c\n"
            f"\t... and 3 more frames of the same call\nmain(...)\n\t{path}+{offset('main', 'main')} +0x5\n\n"
            f"goroutine 2 [sleep]:\nworker(...)\n\t/gone/a+b+0x12 +0x2\ncreated by ? in goroutine 1\n"
            f"\t{path}+{offset('create', 'main')}\n+0x\n\t+0x1\n\tx+0xzz\n")
    source = str(bank.source)
    assert ct.resolved(asleep(text), tmp_path)["text"] == (
        f"goroutine 1 [chan send]:\nadd(...)\n\t{source}:{bank.line('add')}\n"
        f"deposit(...)\n\t{source}:{bank.line('deposit')} +0x2c\n"
        f"\t... and 3 more frames of the same call\nmain(...)\n\t{source}:{bank.line('main')} +0x5\n\n"
        f"goroutine 2 [sleep]:\nworker(...)\n\t/gone/a+b+0x12 +0x2\ncreated by main in goroutine 1\n"
        f"\t{source}:{bank.line('create')}\n+0x\n\t+0x1\n\tx+0xzz\n")


def test_a_dump_that_has_its_lines(build, tmp_path):
    """A process that could ask for them tells a dump with lines: these are no modules."""
    text = "goroutine 1 [running]:\nmain(...)\n\t/a b/c.c:65 +0x5d7\n"
    r = ct.report([asleep(text)], "--format", "json", folder=tmp_path)
    assert json.loads(r.stdout)["text"] == text and not r.stderr, r


def test_deadlocks_are_told_apart(build, tmp_path):
    """By what is waited for and where, not by numbers."""
    texts = ["goroutine 1 [chan send]:\nf(...)\n\t/a/b.c:3 +0x1\n", "goroutine 7 [chan send]:\nf(...)\n\t/c/b.c:9 +0x2\n",
             "goroutine 1 [chan receive]:\nf(...)\n\t/a/b.c:3 +0x1\n", "goroutine 1 [chan send]:\ng(...)\n\t/a/b.c:3\n"]
    prints = [fingerprint(asleep(text), tmp_path) for text in texts]
    assert prints[0] == prints[1] and len(set(prints)) == 3


def test_code_without_a_line(bank, tmp_path):
    """What the optimiser merged is placed at its function, and said to be."""
    source = bank.source.read_text().replace("  a->balance += n; /*", "#line 0\n  a->balance += n; /*")
    (tmp_path / "bank.c").write_text(source)
    subprocess.run([ct.CLANG, "-g", "-O1", "-fno-omit-frame-pointer", "-w", "bank.c", "-o", "bank", "-pthread"], cwd=tmp_path,
                   check=True)
    raw = json.loads(json.dumps(ct.race(bank)).replace(str(bank.path), str(tmp_path / "bank")))
    frame = ct.resolved(raw, tmp_path)["accesses"][0]["stack"][0]
    assert frame["function"] == "add" and frame["approximate"] and "column" not in frame
    assert source.splitlines()[frame["line"] - 1].startswith("static inline")
    assert "written in this function, no lock held" in ct.report([raw], folder=tmp_path).stdout


def test_a_variable_in_pieces(build, tmp_path):
    """The optimiser took a structure apart: the piece that holds the address tells the member."""
    (tmp_path / "pieces.c").write_text("static struct { long first; int second, third; } apart;\n"
                                       "int main(int argc, char **argv) {\n  for (int i = 0; i < argc; i++)\n"
                                       "    if (argv[i][0]) apart.first += i, apart.third ^= argc;\n"
                                       "  return (int)apart.first + apart.third;\n}\n"
                                       "void f(long n) { apart.first *= n, apart.third -= (int)n; }\n")
    subprocess.run([ct.CLANG, "-g", "-O2", "pieces.c", "-o", "pieces"], cwd=tmp_path, check=True)
    m = ct.Module(tmp_path / "pieces", tmp_path / "pieces.c")
    parts = {name: at for name, at in m.symbols.items() if name.startswith("apart.")}
    assert len(parts) == 2, "the optimiser leaves it whole"
    names = set()
    for at, size in parts.values():
        raw = {"schema": "godwit-finding-1", "kind": "GW1001", "accesses": [{"op": "write", "size": size, "stack": []}] * 2,
               "memory": {"kind": "global", **m.frame(at)}}
        names.add(ct.resolved(raw, tmp_path)["variable"]["name"])
    assert names == {"apart.first", "apart.third"}


def test_accesses_of_two_sizes(bank, tmp_path):
    """The smaller one tells which bytes are meant."""
    raw = ct.race(bank, memory={"kind": "global", **bank.symbol("the_acct", 44)})
    raw["accesses"][1]["size"] = 4
    f = ct.resolved(raw, tmp_path)
    assert f["variable"]["name"] == "the_acct.balance"


def test_what_is_resolved_stays(bank, tmp_path):
    once = ct.resolved(ct.race(bank), tmp_path)
    assert ct.resolved(once, tmp_path) == once


def test_without_debug_information(bank, tmp_path):
    """Functions from the symbol table, then nothing but offsets: never an error."""
    raw = ct.race(bank)
    for option, names in (("-g", ["deposit", "teller"]), ("-s", [None, None])):
        stripped = tmp_path / f"bank{option}"
        subprocess.run(["strip", option, bank.path, "-o", stripped], check=True)
        f = ct.resolved(json.loads(json.dumps(raw).replace(str(bank.path), str(stripped))), tmp_path)
        assert functions(f["accesses"][0]["stack"]) == names
        assert f["variable"]["name"] == ("the_acct+40" if option == "-g" else None)
    text = ct.report([json.loads(json.dumps(raw).replace(str(bank.path), str(stripped)))], folder=tmp_path).stdout
    assert text.startswith("bank-s+0x") and ": error: data race on 8 bytes at bank-s+0x" in text


def test_debug_file_beside(bank, tmp_path):
    """What strip left is found through the debug link."""
    stripped, debug = tmp_path / "bank", tmp_path / "bank.debug"
    subprocess.run(["objcopy", "--only-keep-debug", bank.path, debug], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", bank.path, stripped], check=True)
    f = ct.resolved(json.loads(json.dumps(ct.race(bank)).replace(str(bank.path), str(stripped))), tmp_path)
    assert functions(f["accesses"][0]["stack"]) == ["add", "deposit", "teller"]
    assert f["variable"] == {"name": "the_acct.balance", "name_source": "global"}


def build_id(path):
    notes = subprocess.check_output(["readelf", "-n", path], text=True)
    return notes.split("Build ID: ")[1].split()[0]


def test_build_id(bank, tmp_path):
    """A file that was built anew since is another program."""
    right = ct.race(bank, modules={str(bank.path): build_id(bank.path)})
    wrong = ct.race(bank, modules={str(bank.path): "00" * 20})
    assert functions(ct.resolved(right, tmp_path)["accesses"][0]["stack"])[0] == "add"
    r = ct.report([wrong, wrong], "--format=json", folder=tmp_path)
    assert "function" not in json.loads(r.stdout)["accesses"][0]["stack"][0]
    assert len(r.stderr.splitlines()) == 1 and f"{bank.path} was built anew" in r.stderr, r


def test_a_module_that_is_gone_or_none(bank, tmp_path):
    text = tmp_path / "text"
    text.write_text("no program")
    cut = tmp_path / "cut"
    cut.write_bytes(bank.path.read_bytes()[:3000])
    for path in ("/gone/bank", text, cut, tmp_path, "/dev/null"):
        f = ct.resolved(json.loads(json.dumps(ct.race(bank)).replace(str(bank.path), str(path))), tmp_path)
        assert "file" not in f["accesses"][0]["stack"][0] and f["fingerprint"], path


def test_every_cut_of_a_program(bank, tmp_path):
    """Damaged ELF and DWARF give less, and never a crash."""
    whole = bank.path.read_bytes()
    findings = []
    for n in range(64, len(whole), max(1, len(whole) // 60)):
        path = tmp_path / f"cut{n}"
        path.write_bytes(whole[:n] + bytes(range(256)) * ((len(whole) - n) // 256 + 1))
        findings.append(json.loads(json.dumps(ct.race(bank)).replace(str(bank.path), str(path))))
    r = ct.report(findings, folder=tmp_path)
    assert r.status == 66, r


def test_gcc_s_output(tmp_path, build):
    m = ct.build(tmp_path, "bank.c", cc="gcc")
    f = ct.resolved(ct.race(m), tmp_path)
    assert functions(f["accesses"][0]["stack"]) == ["add", "deposit", "teller"]
    assert f["variable"]["name"] == "the_acct.balance"


def test_split_dwarf_and_dwarf_4(tmp_path, build):
    for flags in (("-gsplit-dwarf",), ("-gdwarf-4",), ("-gdwarf-4", "-gsplit-dwarf"), ("-gz",)):
        folder = tmp_path / "_".join(flags)
        folder.mkdir()
        m = ct.build(folder, "bank.c", *flags)
        f = ct.resolved(ct.race(m), folder)
        assert functions(f["accesses"][0]["stack"]) == ["add", "deposit", "teller"], flags
        assert f["variable"]["name"] == "the_acct.balance", flags


# Names


@pytest.mark.parametrize("symbol, offset, size, name", [
    ("the_acct", 40, 8, "the_acct.balance"),
    ("the_acct", 44, 4, "the_acct.balance"),
    ("the_acct", 48 + 2 * 8 + 4, 4, "the_acct.range[2].hi"),
    ("the_acct", 48, 8, "the_acct.range[0]"),
    ("the_acct", 40, 16, "the_acct"),  # across members
    ("the_acct", 80, 4, "the_acct"),  # two bit-fields live there
    ("the_acct", 0, 4, "the_acct.mu"),  # not what a mutex is made of
    ("totals", (2 * 4 + 1) * 8, 8, "totals[2][1]"),
    ("totals", 4, 8, "totals"),  # across elements
    ("both", 0, 4, "both"),  # a union: either member
    ("teller.calls", 0, 4, "calls"),
])
def test_globals_by_address(bank, tmp_path, symbol, offset, size, name):
    raw = ct.race(bank, memory={"kind": "global", **bank.symbol(symbol, offset)})
    raw["accesses"][0]["size"] = raw["accesses"][1]["size"] = size
    f = ct.resolved(raw, tmp_path)
    assert f["variable"] == {"name": name, "name_source": "global"}
    source = bank.source.read_text().splitlines()[f["memory"]["line"] - 1]
    assert f["memory"]["file"] == str(bank.source) and (name.split(".")[0].split("[")[0] in source or source == "} both;")


def test_an_address_beyond_every_variable(bank, tmp_path):
    raw = ct.race(bank, memory={"kind": "global", **bank.frame(0x40)})
    assert ct.resolved(raw, tmp_path)["variable"] == {"name": None, "name_source": "none"}


def test_locals_by_their_place_in_the_frame(tmp_path, build):
    m = ct.build(tmp_path, "bank.c", "-O0")
    raw = ct.race(m)
    base = local_frame_variable(m)
    for offset, name in ((0, "local.first"), (4 + 2 * 4, "local.second[2]")):
        raw["memory"] = ct.stack(m, base + offset)
        raw["accesses"][0]["size"] = 4
        f = ct.resolved(raw, tmp_path)
        assert f["variable"] == {"name": name, "name_source": "local"}
        assert f["memory"]["frame"]["function"] == "frame"
    raw["memory"] = ct.stack(m, 1000)
    assert ct.resolved(raw, tmp_path)["variable"]["name"] is None


def local_frame_variable(m):
    """The offset of `local` from the frame pointer: the one fbreg location of its debugging entry."""
    dump = subprocess.check_output(["readelf", "--debug-dump=info", m.path], text=True, stderr=subprocess.DEVNULL)
    entries = dump.split("Abbrev Number")
    entry = next(e for e in entries if "DW_TAG_variable" in e and "DW_OP_fbreg" in e and ": local\n" in e)
    return int(entry.split("DW_OP_fbreg: ")[1].split(")")[0])


def with_names(tmp_path, records):
    (tmp_path / "names.h").write_text("".join('NAME("%s", "%s", "%s", "%s", "%s");\n' % r for r in records))
    return ct.build(tmp_path, "bank.c", '-DNAMES="names.h"')


def position(m, mark, column):
    return f"{m.line(mark)}:{column}"


def test_heap_names_come_from_the_pass(bank, tmp_path):
    """At one access or at both, if they agree; another operation's name doesn't count."""
    source = str(tmp_path / "bank.c")
    write, read = (source, position(bank, "add", 14), "w"), (source, position(bank, "audit", 15), "r")
    other_op = (source, position(bank, "add", 14), "r")
    cases = [([(*write, "acct.balance", "heap type"), (*read, "acct.balance", "heap type")], "acct.balance"),
             ([(*write, "acct.balance", "heap type")], "acct.balance"),
             ([(*read, "acct.balance", "heap type")], "acct.balance"),
             ([(*write, "acct.balance", "heap type"), (*read, "other.field", "heap type")], None),
             ([(*write, "acct.balance", "heap type"), (*write, "x.y", "heap type")], None),
             ([(*other_op, "acct.balance", "heap type")], None),
             ([(source.replace("/bank.c", "/./bank.c"), *write[1:], "acct.balance", "heap type")], "acct.balance"),
             ([(*write, "balance", "local")], None),
             ([], None)]
    for i, (records, name) in enumerate(cases):
        m = with_names(tmp_path, records)
        f = ct.resolved(ct.race(m, memory=ct.heap(m)), tmp_path)
        assert f["variable"] == {"name": name, "name_source": "heap type" if name else "none"}, (i, records)


def test_locals_names_come_from_their_owner(bank, tmp_path):
    source = str(tmp_path / "bank.c")
    m = with_names(tmp_path, [(source, position(bank, "add", 14), "w", "mine", "local"),
                              (source, position(bank, "audit", 15), "r", "yours", "local")])
    memory = {"kind": "stack", "goroutine": ct.TELLER}
    assert ct.resolved(ct.race(m, memory=memory), tmp_path)["variable"] == {"name": "mine", "name_source": "local"}
    memory["goroutine"] = {"id": 99, "name": None}
    assert ct.resolved(ct.race(m, memory=memory), tmp_path)["variable"]["name"] is None


def test_damaged_names(bank, tmp_path):
    """A section that ends in the middle of a record."""
    section = tmp_path / "names"
    section.write_bytes(b"\0\0file.c\0" + b"1:1\0w\0na")
    broken = tmp_path / "bank"
    subprocess.run(["objcopy", f"--add-section=.gw_names={section}", bank.path, broken], check=True)
    f = ct.resolved(json.loads(json.dumps(ct.race(bank, memory=ct.heap(bank))).replace(str(bank.path), str(broken))),
                    tmp_path)
    assert f["variable"]["name"] is None


def test_locks(bank, tmp_path):
    """A global's name where the address is given, else the argument in the source."""
    raw = ct.race(bank)
    lock = ct.resolved(raw, tmp_path)["accesses"][1]["locks"][0]
    assert (lock["name"], lock["name_source"]) == ("a->mu", "source")
    raw["accesses"][1]["locks"][0].update(bank.symbol("the_acct"))
    lock = ct.resolved(raw, tmp_path)["accesses"][1]["locks"][0]
    assert (lock["name"], lock["name_source"]) == ("the_acct.mu", "global")
    raw["accesses"][1]["locks"][0] = {"address": "0x1", "mode": "write", "stack": [bank.at("audit", "audit")]}
    assert "name" not in ct.resolved(raw, tmp_path)["accesses"][1]["locks"][0], "that line locks nothing"


# Fingerprints


def fingerprint(raw, folder):
    return ct.resolved(raw, folder)["fingerprint"]


def test_fingerprints_hold(bank, tmp_path):
    """Across shifted lines, other addresses, other goroutines, and which access came first."""
    first = fingerprint(ct.race(bank), tmp_path)
    swapped = ct.race(bank)
    swapped["accesses"].reverse()
    assert fingerprint(swapped, tmp_path) == first
    moved = tmp_path / "moved"
    moved.mkdir()
    source = moved / "bank.c"
    source.write_text("\n\n\n" + (ct.PROGRAMS / "bank.c").read_text())
    subprocess.run([ct.CLANG, "-g", "-O1", "-fno-omit-frame-pointer", "bank.c", "-o", "bank", "-pthread"], cwd=moved,
                   check=True)
    m = ct.Module(moved / "bank", source)
    elsewhere = ct.race(m, pid=99)
    elsewhere["accesses"][0].update(address="0x1", goroutine={"id": 70, "name": None})
    assert fingerprint(elsewhere, moved) == first
    element = [ct.race(bank, memory={"kind": "global", **bank.symbol("totals", i * 8)}) for i in (0, 1)]
    assert fingerprint(element[0], tmp_path) == fingerprint(element[1], tmp_path) != first


def test_fingerprints_of_a_recursion(bank, tmp_path):
    """How deep it was, and by which of its calls, is no other finding."""
    def at_depth(*ways):
        f = ct.race(bank)
        f["accesses"][0]["stack"][1:1] = [{**bank.at("teller", "teller"), "function": way} for way in ways]
        return fingerprint(f, tmp_path)

    assert at_depth("left", "right", "left", "left") == at_depth("left", "right") != at_depth("left")


def test_fingerprints_differ(bank, tmp_path):
    raw = ct.race(bank)
    other_op, other_kind, other_function = copy.deepcopy(raw), copy.deepcopy(raw), copy.deepcopy(raw)
    other_op["accesses"][1]["op"] = "write"
    other_kind["kind"] = "GW1007"
    other_function["accesses"][1]["stack"][0] = bank.at("race_", "race_to_the_bottom")
    prints = [fingerprint(f, tmp_path) for f in (raw, other_op, other_kind, other_function, ct.race(bank, memory=ct.heap(bank)))]
    assert len(set(prints)) == 5 and all(len(p) == 16 and int(p, 16) for p in prints)


# The pipe


class Pipe:
    """`godwit symbolize` as a process sees it."""

    def __init__(self, *options, cwd):
        self.p = subprocess.Popen([gt.GODWIT, "symbolize", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  cwd=cwd, env=gt.environment())

    def ask(self, line):
        self.p.stdin.write(line if isinstance(line, bytes) else line.encode())
        self.p.stdin.flush()
        return self.p.stdout.read(int(self.p.stdout.readline())).decode(errors="replace")

    def end(self):
        self.p.stdin.close()
        return self.p.wait(timeout=gt.TIMEOUT)


def test_the_pipe_answers_each_finding_at_once(bank):
    pipe = Pipe("--color=never", cwd=bank.path.parent)
    first = pipe.ask(ct.dumps(ct.race(bank)))
    assert first.startswith("bank.c:") and first.endswith("more: godwit explain GW1001\n")
    for _ in range(2):
        assert pipe.ask(ct.dumps(ct.race(bank))) == "\n" + first
    again = pipe.ask(ct.dumps(ct.race(bank)))
    assert again.startswith("\n" + first.split("\n")[0] + "\n   again: "), "findings stand apart, the same lines in short"
    assert pipe.end() == 0


def test_the_pipe_in_json(bank):
    pipe = Pipe("--format", "json", cwd=bank.path.parent)
    for _ in range(2):
        answer = pipe.ask(ct.dumps(ct.race(bank)))
        assert answer.count("\n") == 1 and json.loads(answer)["variable"]["name"] == "the_acct.balance"
    assert pipe.end() == 0


@pytest.mark.parametrize("line", [b"{\n", b"\n", b"null\n", b'{"schema": "x", "kind": "y"}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_pipe_answers_whatever_comes(bank, form, line):
    """The process waits for an answer, and what it had to say isn't lost."""
    pipe = Pipe("--format", form, cwd=bank.path.parent)
    assert pipe.ask(line).encode(errors="replace").endswith(line.decode(errors="replace").encode())
    assert "GW1001" in pipe.ask(ct.dumps(ct.race(bank)))
    assert pipe.end() == 0


def test_keys_that_stop_the_program_leave_the_symboliser(bank):
    """Its last findings come after the key; the end of the pipe is the end of the child."""
    pipe = Pipe(cwd=bank.path.parent)
    pipe.ask(ct.dumps(ct.race(bank)))
    for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pipe.p.pid, s)
    assert "GW1001" in pipe.ask(ct.dumps(ct.race(bank)))
    assert pipe.end() == 0


def test_a_program_that_was_deleted_while_it_runs(bank, tmp_path):
    """A test harness may remove what still runs: the process has it, as long as it lives."""
    path = tmp_path / "bank"
    shutil.copy(bank.path, path)
    process = subprocess.Popen([path, "stay"])
    try:
        path.unlink()
        raw = json.loads(json.dumps(ct.race(bank, pid=process.pid)).replace(str(bank.path), str(path)))
        f = ct.resolved(raw, tmp_path)
        assert functions(f["accesses"][0]["stack"]) == ["add", "deposit", "teller"]
    finally:
        process.kill()
        process.wait()
    assert "function" not in ct.resolved(raw, tmp_path)["accesses"][0]["stack"][0]


def test_bad_usage(build):
    for options in (("--stile=go",), ("file",), ("--style",), ("--style=gcc",)):
        r = gt.run(gt.GODWIT, "symbolize", *options)
        assert r.status == 64 and len(r.stderr.splitlines()) == 1, r
    assert "did you mean '--style'" in gt.run(gt.GODWIT, "symbolize", "--stile=go").stderr


def test_speed(bank):
    """10,000 findings about one program in seconds: the index is built once."""
    pipe = Pipe("--format=json", cwd=bank.path.parent)
    line = ct.dumps(ct.race(bank))
    for _ in range(10000):
        pipe.ask(line)
    assert pipe.end() == 0
