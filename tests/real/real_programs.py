"""Real programs from Debian's sources, built with godwit-clang by their own makefiles and kept under the build folder.

A build is kept for as long as the compiler wrapper, the pass and the library are the same.
"""

import hashlib
import random
import shutil
from pathlib import Path

import debian_source
import godwit_testing as gt

FOLDER = gt.BUILD / "real"
BUILD_TIMEOUT_S = 1200  # a guess: far above what a loaded machine needs


def _tools_tag():
    """Changes whenever godwit's own build does."""
    tag = hashlib.sha256()
    for path in [gt.GODWIT_CLANG, *sorted(p for p in (gt.BUILD / "lib" / "godwit").iterdir() if p.is_file())]:
        tag.update(path.name.encode() + path.read_bytes())
    return tag.hexdigest()


def built(name, package, target, patch=None, configure=()):
    """The tree of a package in which `make *target` was run with CC=godwit-clang and -race; patch(tree) and `configure`, a
    command, come before."""
    tree, stamp = FOLDER / name, FOLDER / f"{name}.built"
    source = debian_source.fetch(package, gt.BUILD / "sources")
    with debian_source.locked(FOLDER / f"{name}.lock"):
        tag = _tools_tag()
        if stamp.exists() and stamp.read_text() == tag:
            return tree
        stamp.unlink(missing_ok=True)
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(source, tree, symlinks=True)
        if patch:
            patch(tree)
        env = {"CC": gt.GODWIT_CLANG, "CFLAGS": "-O2 -g -race", "LDFLAGS": "-race"}
        for command in filter(None, (configure, ("make", "-j2", *target))):
            r = gt.run(*command, cwd=tree, env=env, timeout=BUILD_TIMEOUT_S)
            assert r.status == 0, f"{package} doesn't build: {r}"
        stamp.write_text(tag)
    return tree


def sample(size=50_000_000):
    """A file of that many bytes, compressible as text is; always the same."""
    path = FOLDER / f"sample-{size}"
    with debian_source.locked(FOLDER / "sample.lock"):
        if path.exists() and path.stat().st_size == size:
            return path
        rand = random.Random(1)
        letters = b"etaoin shrdlucmfwypvbgkjqxz,.\n"
        phrases = [bytes(rand.choices(letters, k=rand.randint(4, 40))) for _ in range(1 << 15)]
        text = bytearray()
        while len(text) < size:
            text += b"".join(rand.choices(phrases, k=100_000))
        path.write_bytes(text[:size])
    return path


def same(a, b):
    """Whether two files are equal, byte for byte."""
    return Path(a).read_bytes() == Path(b).read_bytes()
