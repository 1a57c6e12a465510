"""What the benchmarks share: one run of a program with its cost, tables, a line of progress, what the machine is."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

BENCH = Path(__file__).resolve().parent
REPO = BENCH.parent
OURS = ("GODWIT", "GORACE", "GOMAXPROCS", "GODEBUG", "TSAN_OPTIONS", "MALLOC_ARENA_MAX")


class Run(NamedTuple):
    """One run of one program."""

    status: int  # as in subprocess: negative for a signal; None: it didn't end in time
    cpu_s: float  # user and system time
    rss_kib: int  # peak resident set
    output: str
    errors: str


class Measurer:
    """Runs programs through measure.c, which it builds in `folder`."""

    def __init__(self, folder, compiler="clang-19"):
        self.program = folder / "measure"
        self.cost = folder / "measure.out"
        subprocess.run([compiler, "-O2", BENCH / "measure.c", "-o", self.program], check=True)

    def __call__(self, command, timeout=300, env=None):
        clean = {k: v for k, v in os.environ.items() if k not in OURS}
        self.cost.unlink(missing_ok=True)
        p = subprocess.Popen([self.program, self.cost, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env={**clean, **(env or {})}, start_new_session=True)
        try:
            output, errors = (b.decode(errors="replace") for b in p.communicate(timeout=timeout))
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            output, errors = (b.decode(errors="replace") for b in p.communicate())
            return Run(None, 0, 0, output, errors)
        if not self.cost.exists():
            raise RuntimeError(f"{command[0]}: not measured: {errors}")
        return self.read(output, errors)

    def read(self, output="", errors=""):
        """What the last command cost that was run by `before()`."""
        status, user, system, rss = map(int, self.cost.read_text().split())
        return Run(os.waitstatus_to_exitcode(status), (user + system) / 1e6, rss, output, errors)

    def before(self):
        """Words to stand before a command that somebody else runs."""
        self.cost.unlink(missing_ok=True)
        return [self.program, self.cost]


class Progress:
    """One line on a terminal that is written over; nothing in a pipe."""

    def __init__(self):
        self.on = sys.stderr.isatty()

    def __call__(self, text):
        if self.on:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\x1b[K" + text[:width])
            sys.stderr.flush()

    def done(self):
        self("")


def table(head, rows):
    """Text table: the first column flush left, the others flush right."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths)))
             for row in cells]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def _first_line(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "not there"


def machine(clang="clang-19"):
    """The machine in general terms, and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processors": len(os.sched_getaffinity(0)), "architecture": platform.machine(),
            "memory_gib": round(memory, 1), "kernel": platform.release().split("-")[0],
            "clang": _first_line(clang, "--version"), "libc": " ".join(platform.libc_ver())}


def go_version():
    """"go1.19.8", or that there is none."""
    words = _first_line("go", "version").split()
    return words[2] if len(words) > 2 else "not there"


def folder(word):
    """An argument's folder: programs run in others."""
    return Path(word).resolve()


def default_build():
    """godwit's build folder, as for the tests."""
    return Path(os.environ.get("GODWIT_BUILD") or REPO / "build").resolve()
