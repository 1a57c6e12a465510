"""memcached and redis-server from Debian's sources: how to build them with any compiler, and how to run them under load.

The load is `servers/load.c`: many connections on a Unix socket, every answer checked. Redis's own benchmark does the same
from the outside.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import debian_source

LOAD = Path(__file__).resolve().parent / "servers" / "load.c"
START_S, STOP_S = 120, 120  # guesses: far above what a loaded machine needs


class Server(NamedTuple):
    """One of them."""

    name: str  # of the package too
    configure: tuple  # run before make; may be empty
    make: tuple  # words after `make`
    program: str  # in the tree
    arguments: tuple  # with {socket}


SERVERS = {s.name: s for s in (
    Server("memcached", ("./configure", "-q", "--disable-dependency-tracking"), ("memcached", "memcached-debug", "timedrun"),
           "memcached", ("-u", "root", "-s", "{socket}", "-t", "4", "-m", "512")),
    Server("redis", (), ("MALLOC=libc", "OPTIMIZATION=-O2", "USE_SYSTEMD=no", "BUILD_TLS=no", "redis-server"),
           "src/redis-server", ("--port", "0", "--unixsocket", "{socket}", "--save", "", "--dir", "{folder}")),
)}


class ServerError(Exception):
    """A server that can't be built, doesn't start, or doesn't end."""


def build(server, tree, compiler, flags, source, jobs=2):
    """Copies the source to `tree` and builds there; `compiler` is one word. Gives back the program."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(source, tree, symlinks=True)
    env = {**os.environ, "CC": str(compiler), "CFLAGS": f"-O2 -g {flags}", "LDFLAGS": flags}
    env.pop("MAKEFLAGS", None)
    for command in filter(None, (server.configure, ("make", f"-j{jobs}", *server.make))):
        p = subprocess.run(command, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if p.returncode != 0:
            raise ServerError(f"{server.name}: {' '.join(command)}: status {p.returncode}\n{p.stdout[-3000:]}")
    return tree / server.program


def build_load(folder, compiler="clang-19"):
    out = folder / "load"
    subprocess.run([compiler, "-std=gnu11", "-O2", LOAD, "-o", out], check=True)
    return out


def _answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(str(path))
            return True
        except OSError:
            return False


class Running:
    """A server that has been started: `socket`, `folder`, and after its end `status` and `output`."""

    def __init__(self, process, folder, output):
        self.process, self.folder, self.socket, self.output_file = process, folder, folder / "socket", output
        self.status, self.output = None, ""

    def wait_for_start(self):
        end = time.monotonic() + START_S
        while not _answers(self.socket):
            if self.process.poll() is not None or time.monotonic() > end:
                raise ServerError(f"the server doesn't start, status {self.process.poll()}: {self.read()}")
            time.sleep(0.05)

    def read(self):
        return Path(self.output_file).read_text(errors="replace")[-4000:]

    def stop(self, sig=signal.SIGTERM):
        """Asks the server's process group to end, and waits for it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, sig)
        try:
            self.status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise ServerError(f"the server doesn't end: {self.read()}") from None
        self.output = self.read()


@contextlib.contextmanager
def running(server, program, env=None, before=(), more=()):
    """Runs a server in a folder of its own until the block ends. `before` stands before its command: a measuring program."""
    with tempfile.TemporaryDirectory(prefix="server") as name:
        folder = Path(name)
        words = [w.format(socket=folder / "socket", folder=folder) for w in server.arguments]
        with open(folder / "output", "w", encoding="utf8") as out:
            process = subprocess.Popen([*before, program, *words, *more], cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, start_new_session=True)
        r = Running(process, folder, folder / "output")
        try:
            r.wait_for_start()
            yield r
            r.stop()
        finally:
            if r.status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def fetch(server, folder):
    return debian_source.fetch(server.name, folder)
