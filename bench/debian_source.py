"""Sources of Debian packages, fetched by apt from a source list of its own.

The machine's configuration isn't touched and need not name any source entry: each configured binary entry of the running
release becomes a `deb-src` line in a list that lives, with apt's state, beside the sources. No root is needed.
"""

import fcntl
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

ATTEMPTS = 4  # a guess: mirrors recover in seconds or not at all
PAUSE_S = 5
CONFIGURATION = Path("/etc/apt")


class SourceError(Exception):
    """The source couldn't be had; the text says what apt said last."""


def _codename():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    return ""


def _one_line_entries(text):
    """(options, uri, suite, components) of each `deb` line of a .list file."""
    for line in text.splitlines():
        m = re.match(r"\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if m:
            yield (m[1] or "").strip(), m[2], m[3], m[4].split()


def _stanza_entries(text):
    """The same of a .sources file. A key that stands in the file itself can't be named in one line: those are left out."""
    for stanza in re.split(r"\n\s*\n", text):
        stanza = "\n".join(line for line in stanza.splitlines() if not line.startswith("#"))
        fields = {k.lower(): v.strip() for k, v in re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M)}
        key = fields.get("signed-by", "")
        if not fields.get("uris") or fields.get("enabled", "yes").lower() == "no" or "BEGIN PGP" in key:
            continue
        for uri in fields["uris"].split():
            for suite in fields.get("suites", "").split():
                yield f"signed-by={key}" if key else "", uri, suite, fields.get("components", "").split()


def source_lines(configuration=CONFIGURATION, codename=None):
    """`deb-src` lines for the running release, from the binary entries that apt is configured with."""
    codename = codename if codename is not None else _codename()
    lists = [configuration / "sources.list", *sorted((configuration / "sources.list.d").glob("*.list"))]
    entries = [e for p in lists if p.exists() for e in _one_line_entries(p.read_text())]
    for path in sorted((configuration / "sources.list.d").glob("*.sources")):
        entries += _stanza_entries(path.read_text())
    lines = []
    for options, uri, suite, components in entries:
        if "main" not in components or not (suite == codename or suite.startswith(codename + "-")):
            continue
        line = f"deb-src {f'[{options}] ' if options else ''}{uri} {suite} main"
        if line not in lines:
            lines.append(line)
    return lines


class _Apt:
    """apt-get with its state in one folder."""

    def __init__(self, folder):
        self.folder = folder
        for sub in ("lists/partial", "cache/archives/partial"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        lines = source_lines()
        if not lines:
            raise SourceError(f"apt has no entry of Debian {_codename() or '(unknown release)'} in {CONFIGURATION}")
        (folder / "sources.list").write_text("\n".join(lines) + "\n")

    def get(self, *words, cwd):
        """Runs apt-get until it succeeds, ATTEMPTS times at most."""
        command = ["apt-get", "-q", "-o", f"Dir::Etc::sourcelist={self.folder}/sources.list",
                   "-o", "Dir::Etc::sourceparts=/dev/null", "-o", f"Dir::State::lists={self.folder}/lists",
                   "-o", f"Dir::Cache={self.folder}/cache", "-o", "Acquire::Retries=3"]
        if os.geteuid() == 0:
            command += ["-o", "APT::Sandbox::User=root"]  # apt's own user may not enter our folder
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_S * attempt)
            p = subprocess.run(command + list(words), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
            if p.returncode == 0:
                return
        raise SourceError(f"apt-get {' '.join(words)}: status {p.returncode}\n{p.stdout[-3000:]}")


@contextmanager
def locked(path):
    """Holds an exclusive lock on a file, so that parallel tests fetch and build once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def fetch(package, folder):
    """The unpacked and patched source tree of a source package, kept under `folder`; fetched if it isn't there."""
    folder = Path(folder).resolve()
    tree = folder / package / "tree"
    with locked(folder / "lock"):
        if tree.exists():
            return tree
        work = folder / package / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        apt = _Apt(folder / "apt")
        apt.get("update", cwd=work)
        apt.get("source", package, cwd=work)
        found = [d for d in work.iterdir() if d.is_dir()]
        if len(found) != 1:
            raise SourceError(f"apt-get source {package} left {[d.name for d in found]}")
        found[0].rename(tree)
        shutil.rmtree(work)
    return tree
