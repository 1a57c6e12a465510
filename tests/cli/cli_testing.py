"""Raw findings about programs built without the pass: what a process would send to `godwit symbolize`."""

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path

import godwit_testing as gt

PROGRAMS = Path(__file__).parent / "programs"
GOLDEN = Path(__file__).parent / "golden"
CLANG = "clang-19"


class Module:
    """A program, and the offsets in it of lines and symbols (by binutils, not by the code under test)."""

    def __init__(self, path, source, tables=None):
        self.path, self.source = Path(path), Path(source)
        tables = tables or path  # a stripped program's tables are in the file that it came from
        self.symbols = {}
        for line in subprocess.check_output(["nm", "-S", tables], text=True).splitlines():
            fields = line.split()
            if len(fields) == 4:
                self.symbols[fields[3]] = (int(fields[0], 16), int(fields[1], 16))
        rows = subprocess.check_output(["readelf", "--debug-dump=decodedline", tables], text=True)
        self.rows = [(int(m[1]), int(m[2], 16)) for m in re.finditer(r"^\S+\s+(\d+)\s+(0x[0-9a-f]+)", rows, re.M)]

    def line(self, mark):
        """The number of the source line with LINE mark."""
        texts = self.source.read_text().splitlines()
        return next(n for n, text in enumerate(texts, 1) if re.search(rf"/\* LINE {mark} \*/", text))

    def at(self, mark, function):
        """A frame at the code of a line in a function."""
        begin, size = self.symbols[function]
        number = self.line(mark)
        return self.frame(next(a for n, a in self.rows if n == number and begin <= a < begin + size))

    def frame(self, offset):
        return {"module": str(self.path), "offset": hex(offset)}

    def symbol(self, name, offset=0):
        return self.frame(self.symbols[name][0] + offset)


def build(folder, source="bank.c", *flags, cc=CLANG):
    """Copies a program's source into the folder and builds it there."""
    copied = Path(folder) / source
    shutil.copy(PROGRAMS / source, copied)
    out = copied.with_suffix("")
    subprocess.run([cc, "-g", "-O1", "-fno-omit-frame-pointer", *flags, source, "-o", out.name, "-pthread"], cwd=folder,
                   check=True)
    return Module(out, copied)


LIBC = {"module": "/lib/x86_64-linux-gnu/libc.so.6", "offset": "0x10"}  # no function is there
MAIN = {"id": 1, "name": None, "main": True}
TELLER = {"id": 7, "name": "teller"}


def race(m, **changes):
    """The bank's race: teller writes without the lock that main's audit holds."""
    finding = {
        "schema": "godwit-finding-1", "kind": "GW1001", "pid": 1234, "count": 1, "seed": None, "program": str(m.path),
        "modules": {},
        "accesses": [
            {"op": "write", "size": 8, "address": "0x7f0000001028", "goroutine": TELLER, "locks": [],
             "stack": [m.at("add", "deposit"), m.at("teller", "teller"), LIBC],
             "created_at": [m.at("create", "main"), LIBC], "created_by": MAIN},
            {"op": "read", "size": 8, "address": "0x7f0000001028", "goroutine": MAIN,
             "locks": [{"address": "0x7f0000001000", "mode": "write", "stack": [m.at("lock", "audit"), LIBC]}],
             "stack": [m.at("audit", "audit"), m.at("main", "main"), LIBC], "created_at": [], "created_by": None}],
        "memory": {"kind": "global", **m.symbol("the_acct", 40)}}
    finding.update(changes)
    return copy.deepcopy(finding)


def heap(m, **changes):
    return {"kind": "heap", "size": 96, "offset": 40, "address": "0x7f0000001000", "goroutine": MAIN,
            "stack": [m.at("create", "main"), LIBC], **changes}


def stack(m, offset, goroutine=None):
    return {"kind": "stack", "goroutine": goroutine or MAIN, "frame": m.at("local", "frame"), "frame_offset": offset}


def dumps(*findings):
    return "".join(json.dumps(f) + "\n" for f in findings)


def report(findings, *options, folder, env=None):
    """Runs `godwit report` on findings (or a text); gives back the gt.Result."""
    log = Path(folder) / "raw.log"
    log.write_text(findings if isinstance(findings, str) else dumps(*findings))
    return gt.run(gt.GODWIT, "report", *options, log.name, cwd=folder, env=env)


def resolved(finding, folder):
    """The finding with all that godwit fills in."""
    r = report([finding], "--format", "json", folder=folder)
    assert r.status == 66, r
    return json.loads(r.stdout)


def golden(name, text, folder):
    """Compares with golden/NAME, addresses and the folder aside; a missing file is written, and fails once."""
    text = re.sub(r"0x[0-9a-f]+", "0x#", text).replace(str(folder), "FOLDER")
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text)
        raise AssertionError(f"{path} was not there: look at it and commit it")
    assert text == path.read_text()
