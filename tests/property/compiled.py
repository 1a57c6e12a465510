"""Whole programs as C: many to one executable, compiled with the pass, run, and held against the oracle.

Each part of an operation is a function of its own, so that a finding's program counters say which operations raced: no
symboliser is asked.
"""

import bisect
import copy
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import godwit_testing as gt
import world_sync  # noqa: F401  (its operations)
from judge import RACES, _smaller
from tasks import replay
from world import OPS

SETUP = """static u8 @m[{size}] __attribute__((aligned(64), used)); /* used: no store to it is a dead one */
static void *@b[4];
static pthread_t @thread[{tasks}];
static gw_mutex @mu0, @mu1;
static gw_rwmutex @rw0;
static gw_waitgroup @wg0, @wg1;
static gw_once @once0;
static gw_cond @cond0 = GW_COND_INIT(&@mu0), @cond1 = GW_COND_INIT(&@rw0);
static pthread_mutex_t @pmu0 = PTHREAD_MUTEX_INITIALIZER, @prmu0 = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t @prw0 = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t @pcond0 = PTHREAD_COND_INITIALIZER;
static sem_t @sem0;
static pthread_barrier_t @pbarrier0;
"""


def _kind(kinds, task):
    return "thread" if kinds.get(task) == "thread" else "go"


def _unlocks(world):
    """What main holds at the end: it goes on with other programs."""
    for lock, task in world.holders.items():
        if task == 0:
            yield OPS["Unlock"].parts(0, lock)[0] * world.depth[lock]
    for lock, tasks in world.readers.items():
        if 0 in tasks:
            yield OPS["RUnlock"].parts(0, lock)[0]


def c_text(program, number):
    """The C text of one program: functions and data with the prefix pN_."""
    world, _ = replay(program)
    kinds = world.kinds
    size = max([hi for _, hi in program.regions] + [8])
    lines = [SETUP.format(size=size, tasks=max(kinds) + 1)]
    lines += [f"static gw_chan(long) @c{c};" for c in range(len(program.caps))]
    functions, steps = [], {t: [] for t in kinds}
    for n, operation in enumerate(program.ops):
        parts = OPS[operation[0]].parts(*operation[1:])
        for task, text in parts.items():
            text = text.replace("linger()", f"linger_{_kind(kinds, task)}()").replace("@never", "never")
            functions.append(f"OP @op{n}_{task}(void) {{ {text} }}")
            steps[task].append(f"  turn_wait_{_kind(kinds, task)}({n}); @op{n}_{task}(); turn_end({len(parts)});")
    for task in kinds:
        if task:
            thread = kinds[task] == "thread"
            lines.append(f"static void *@thread{task}(void *);" if thread else f"static void @task{task}(void);")
    lines += functions
    for task in kinds:
        if kinds[task] == "thread":
            lines += [f"static void *@thread{task}(void *unused) {{", "  (void)unused;", *steps[task]]
            lines += ["  return NULL;", "}"]
        elif task:
            lines += [f"static void @task{task}(void) {{", *steps[task], "}"]
    lines += ["static void @run(void) {", "  turn_reset();",
              "  sem_init(&@sem0, 0, 0);", "  pthread_barrier_init(&@pbarrier0, NULL, 2);"]
    lines += [f"  @c{c} = gw_make(long, {cap});" for c, cap in enumerate(program.caps)]
    lines += [*steps[0], f"  turn_wait_go({len(program.ops)});"]
    lines += [f"  {text}" for text in _unlocks(world)]
    lines += [f"  pthread_join(thread_get(&@thread[{t}]), NULL);" for t in kinds
              if kinds[t] == "thread" and t not in world.joined]
    lines += ["}", ""]
    return "\n".join(lines).replace("@", f"p{number}_")


def c_file(programs):
    """One C file; its executable runs all programs, or those whose numbers are its arguments."""
    text = ['#include "compiled.h"', ""] + [c_text(p, i) for i, p in enumerate(programs)]
    text += ["static void (*const runs[])(void) = {" + ", ".join(f"p{i}_run" for i in range(len(programs))) + "};", "",
             "int main(int argc, char **argv) {",
             "  if (collect_often) collect_often(COLLECT_EVERY);",
             *["  give_back_anothers();"] * any(p.by_anybody for p in programs),
             f"  for (int i = 0; argc == 1 && i < {len(programs)}; i++) runs[i]();",
             "  for (int i = 1; i < argc; i++) runs[atoi(argv[i])]();", "  return 0;", "}", ""]
    return "\n".join(text)


def open_tree(folder):
    """The compiler of a copy of the build's tree whose library shows all its names, for knobs that no user has."""
    if folder.exists():
        return folder / "bin" / "godwit-clang"
    (folder / "bin").mkdir(parents=True)
    lib = folder / "lib" / "godwit"
    lib.mkdir(parents=True)
    shutil.copy2(gt.GODWIT, folder / "bin" / "godwit-clang")
    os.symlink(gt.BUILD / "include", folder / "include")
    for path in (gt.BUILD / "lib" / "godwit").iterdir():
        if path.name != "libgodwit_race.a":
            os.symlink(path, lib / path.name)
    os.symlink(gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", lib / "libgodwit_race.a")
    return folder / "bin" / "godwit-clang"


def build_collecting(objects, out):
    """Links a program so that epoch ids are collected all the time."""
    folder = Path(out).parent
    knob = folder / "collect_often.o"
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-DGW_RACE=1", f"-I{gt.REPO}/include", f"-I{gt.REPO}", "-c",
               gt.REPO / "tests" / "property" / "collect_often.c", "-o", knob)
    assert r.status == 0, r
    r = gt.run(open_tree(folder / "tree"), "-race", *objects, knob, "-o", out)
    assert r.status == 0 and not r.stderr, r
    return out


class Binary:
    """Programs, compiled together."""

    def __init__(self, programs, folder, name, *flags):
        self.programs, self.folder = programs, folder
        source, compiled = folder / f"{name}.c", folder / f"{name}.o"
        source.write_text(c_file(programs))
        # A variable that only some programs use is no reason for a warning here.
        gt.compile_c(source, compiled, "-c", f"-I{gt.REPO}/tests/property", "-Wno-unused-variable", "-Wno-unused-function",
                     *flags)
        self.path = gt.compile_c(compiled, folder / name)
        self._read_symbols()

    def _read_symbols(self):
        self.starts, self.where = [], []
        nm = subprocess.run(["nm", "--defined-only", "-n", self.path], capture_output=True, text=True, check=True)
        for line in nm.stdout.splitlines():
            address, _, symbol = line.split(maxsplit=2)
            m = re.fullmatch(r"p(\d+)_op(\d+)_\d+", symbol)
            self.starts.append(int(address, 16))
            self.where.append((int(m[1]), int(m[2])) if m else None)

    def place(self, access):
        """(program, operation) of an access: the innermost frame that lies in an operation's function."""
        for frame in access["stack"]:
            if frame.get("module") and not frame["module"].endswith(self.path.name):
                continue
            i = bisect.bisect_right(self.starts, int(frame["offset"], 16)) - 1
            if i >= 0 and self.where[i]:
                return self.where[i]
        return None

    def collecting(self):
        """The same compiled programs, linked so that they collect."""
        other = copy.copy(self)
        other.path = build_collecting([self.path.with_suffix(".o")], self.path.with_name(f"{self.path.name}-collecting"))
        other._read_symbols()
        return other

    def run(self, env=None, numbers=(), timeout=300):
        """RaceRun of all programs, or of those with the given numbers."""
        return gt.run_race(self.path, *numbers, folder=self.folder, env=env, timeout=timeout)

    def differences(self, run, numbers=None):
        """[(program number or None, text)]: what was said differently from the oracle."""
        numbers = range(len(self.programs)) if numbers is None else numbers
        found = {n: set() for n in numbers}
        wrong = []
        for finding in run.findings:
            places = [self.place(a) for a in finding["accesses"]]
            if finding["kind"] == "GW1002":  # locks are taken in any order here
                continue
            known = finding["kind"] in RACES and None not in places and len({p[0] for p in places}) == 1
            if not known or places[0][0] not in found:
                wrong.append((places[0] and places[0][0] if places else None, f"not expected: {gt.show(finding)}"))
                continue
            found[places[0][0]].add((places[0][1], places[1][1]))
        if run.status != (66 if run.findings else 0):
            wrong.append((None, f"status {run.status}: {run.result}"))
        for n in numbers:
            wrong += [(n, text) for text in self._program_differences(self.programs[n], found[n])]
        return wrong

    @staticmethod
    def _program_differences(program, found):
        world, made = replay(program)
        assert made == program
        races = world.oracle.races
        real, first = {(r.later, r.earlier) for r in races}, {}
        for race in races:
            first.setdefault((program.variable_of(race.lo), race.lo >> 3), race.later)

        def show(n):
            return f"#{n}: {program.ops[n]}"

        for later, earlier in sorted(found - real):
            yield f"false: reported ({show(later)}) with earlier ({show(earlier)})"
        reported = {later for later, _ in found}
        for (variable, granule), later in first.items():
            if later not in reported:
                partners = ", ".join(f"({show(e)})" for o, e in sorted(real) if o == later)
                yield f"missed: variable {variable} granule {granule}: ({show(later)}) races with {partners}"


class Failure(NamedTuple):
    program: object
    text: str


def _sort(text):
    return text.split(":")[0].split()[0]  # "missed", "false", "not", "status"


def shrink(program, folder, flags, env, collecting=False, kinds=()):
    """The fewest operations that still show a difference of these kinds (of any, if there are none), in a program of
    their own: what is left out may make it crash, which says nothing."""

    def outcome(ops):
        _, candidate = replay(program._replace(ops=tuple(ops)))
        try:
            binary = Binary([candidate], folder, "shrink", *flags)
            binary = binary.collecting() if collecting else binary
            wrong = binary.differences(binary.run(env, timeout=30))
            return candidate, wrong if not kinds or all(_sort(text) in kinds for _, text in wrong) else []
        except AssertionError as e:  # doesn't compile, or doesn't end
            return candidate, [(0, str(e))] if "no end" in str(e) else []

    ops = _smaller(list(program.ops), lambda ops: bool(outcome(ops)[1]))
    candidate, wrong = outcome(ops)
    return Failure(candidate, "\n".join(text for _, text in wrong) or "gone when compiled alone")


def explain(binary, number, wrong, where, flags, env, collecting=False):
    """The text of a failed comparison: the first program that differs, shrunk."""
    texts = "\n".join(text for n, text in wrong if n == number)[:4000]
    if number is None:
        return f"{where}: {texts}"
    kinds = {_sort(text) for n, text in wrong if n == number}
    small = shrink(binary.programs[number], binary.folder, flags, env, collecting, kinds)
    ops = "\n".join(map(str, small.program.ops))
    return (f"{where}, program {number}\n{texts}\n--- smallest program: {small.text}\n"
            f"regions {small.program.regions} caps {small.program.caps}\n{ops}\n"
            f"--- again: {binary.path} {number}; the smallest one: {binary.folder}/shrink.c")
