"""Reading profiles: by go tool pprof and protoc where they are installed, and by a decoder of our own."""

import gzip
import re
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest

import godwit_testing as gt

PROGRAMS = Path(__file__).parent / "programs"
needs_go = pytest.mark.skipif(not shutil.which("go"), reason="Go is not installed")

Sample = namedtuple("Sample", "stack values labels")  # stack: (function, file, line), innermost first


def line_of(source, mark):
    """The line of a program that carries /* LINE mark */."""
    for n, text in enumerate((PROGRAMS / source).read_text().splitlines(), 1):
        if f"/* LINE {mark} */" in text:
            return n
    raise AssertionError(f"{source} has no LINE {mark}")


def go_pprof(*args):
    r = subprocess.run(["go", "tool", "pprof", *map(str, args)], capture_output=True, text=True, timeout=gt.TIMEOUT)
    assert r.returncode == 0, r.stderr
    return r.stdout


def _varint(b, at):
    v = shift = 0
    while True:
        v |= (b[at] & 127) << shift
        shift += 7
        at += 1
        if not b[at - 1] & 128:
            return v, at


def _signed(v):
    return v - (1 << 64) if v >> 63 else v


def fields(b):
    """The fields of a message: (number, value), value an int or bytes."""
    at = 0
    while at < len(b):
        key, at = _varint(b, at)
        if key & 7 == 0:
            v, at = _varint(b, at)
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            n, at = _varint(b, at)
            v, at = b[at:at + n], at + n
            assert len(v) == n, "cut off"
        yield key >> 3, v


def packed(b):
    at = 0
    while at < len(b):
        v, at = _varint(b, at)
        yield _signed(v)


class Profile:
    """A decoded profile.proto."""

    def __init__(self, data):
        self.raw = gzip.decompress(data)
        by = {}
        for number, v in fields(self.raw):
            by.setdefault(number, []).append(v)
        self.strings = [s.decode() for s in by[6]]
        assert self.strings[0] == ""
        text = self.strings.__getitem__
        self.types = [(text(dict(fields(t)).get(1, 0)), text(dict(fields(t)).get(2, 0))) for t in by[1]]
        self.default = text(by[14][0])
        self.mappings = [dict(fields(m)) for m in by.get(3, [])]
        functions = {f[1]: (text(f.get(2, 0)), text(f.get(4, 0))) for f in (dict(fields(x)) for x in by.get(5, []))}
        locations = {}
        self.addresses = {}
        for location in by.get(4, []):
            lines = []
            for number, v in fields(location):
                if number == 1:
                    ident = v
                elif number == 3:
                    self.addresses[ident] = v
                elif number == 4:
                    line = dict(fields(v))
                    lines.append((*functions[line[1]], line.get(2, 0)))
            locations[ident] = lines
        self.samples = []
        for sample in by.get(2, []):
            stack, values, labels = [], [], {}
            for number, v in fields(sample):
                if number == 1:
                    stack += [line for ident in packed(v) for line in locations[ident]]
                elif number == 2:
                    values += packed(v)
                else:
                    label = dict(fields(v))
                    labels[text(label[1])] = text(label[2]) if 2 in label else label.get(3, 0)
            assert len(values) == len(self.types)
            self.samples.append(Sample(stack, values, labels))

    def build_ids(self):
        return [self.strings[m.get(6, 0)] for m in self.mappings]

    def with_function(self, name):
        return [s for s in self.samples if any(f == name for f, _, _ in s.stack)]

    def total(self, column, name=None):
        return sum(s.values[column] for s in (self.with_function(name) if name else self.samples))


def read(path):
    return Profile(Path(path).read_bytes())


PROTO = """syntax = "proto3";
message ValueType { int64 type = 1; int64 unit = 2; }
message Label { int64 key = 1; int64 str = 2; int64 num = 3; int64 num_unit = 4; }
message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; repeated Label label = 3; }
message Mapping { uint64 id = 1; uint64 memory_start = 2; uint64 memory_limit = 3; uint64 file_offset = 4;
  int64 filename = 5; int64 build_id = 6; bool has_functions = 7; bool has_filenames = 8; bool has_line_numbers = 9;
  bool has_inline_frames = 10; }
message Line { uint64 function_id = 1; int64 line = 2; }
message Location { uint64 id = 1; uint64 mapping_id = 2; uint64 address = 3; repeated Line line = 4; }
message Function { uint64 id = 1; int64 name = 2; int64 system_name = 3; int64 filename = 4; int64 start_line = 5; }
message Profile { repeated ValueType sample_type = 1; repeated Sample sample = 2; repeated Mapping mapping = 3;
  repeated Location location = 4; repeated Function function = 5; repeated string string_table = 6;
  int64 time_nanos = 9; int64 duration_nanos = 10; ValueType period_type = 11; int64 period = 12;
  repeated int64 comment = 13; int64 default_sample_type = 14; }
"""


def protoc_decode(profile, folder):
    """protoc's text of a profile; unknown fields show up as bare numbers there."""
    (folder / "profile.proto").write_text(PROTO)
    r = subprocess.run(["protoc", f"--proto_path={folder}", "--decode=Profile", "profile.proto"], input=profile.raw,
                       capture_output=True, timeout=gt.TIMEOUT)
    assert r.returncode == 0, r.stderr
    return r.stdout.decode()


def known_fields_only(text):
    return not re.search(r"^\s*\d+[:{ ]", text, re.M)
