"""What the tests of the pass share: how clang is called with it."""

import os
import shlex
import subprocess
from pathlib import Path

import godwit_testing as gt

HERE = Path(__file__).resolve().parent
RUN = HERE / "run"
PLUGIN = gt.BUILD / "lib" / "godwit" / "godwit_pass.so"
CLANG = os.environ.get("GODWIT_CLANG", "clang-19")
PASS = [f"-fplugin={PLUGIN}", f"-fpass-plugin={PLUGIN}", "-mllvm", "-godwit-verify"]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os"]
LTO = ["-O2 -flto=thin -fuse-ld=lld", "-O2 -flto -fuse-ld=lld"]


def command(*args, status=0, cwd=None, env=None):
    """Runs a tool; its output. Anything but the status that is expected is a failure that shows the output."""
    p = subprocess.run([str(a) for a in args], cwd=cwd, text=True, capture_output=True, timeout=300,
                       env={**os.environ, **(env or {})})
    assert p.returncode == status, f"{shlex.join(map(str, args))}: {p.returncode}\n{p.stdout[-3000:]}{p.stderr[-5000:]}"
    return p.stdout + p.stderr
