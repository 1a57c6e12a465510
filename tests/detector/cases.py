"""Programs of this folder: how they are built, and those that make one case each time they are run."""

import subprocess

import godwit_testing as gt

STATUS = 66


def build(folder, source):
    """SOURCE.c, compiled against the parts of the library, with all their names."""
    out = folder / source
    # No optimisation: each call stands in a frame of its own.
    r = gt.run("clang-19", "-std=gnu11", "-O0", "-g", "-fno-omit-frame-pointer", "-DGW_RACE=1", "-Wall", "-Wextra",
               f"-I{gt.REPO}/include", f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / f"{source}.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", out, timeout=300)
    assert r.status == 0 and not r.stderr, r
    return out


class Cases:
    """SOURCE.c, compiled; call it with a case's name."""

    def __init__(self, folder, source):
        self.folder = folder
        self.path = build(folder, source)

    def __call__(self, case, status=STATUS):
        """The findings of a case; `addresses` is what the program printed of where its variables are."""
        run = gt.run_race(self.path, case, folder=self.folder, env={"PATH": "/nonexistent"})
        assert run.status == status, run.result
        self.addresses = [int(word, 16) for word in run.result.stdout.split()]
        return run.findings


def one(findings):
    assert len(findings) == 1, [gt.show(f) for f in findings]
    return findings[0]


def function_of(cases, frame):
    """The function of the program that a frame lies in."""
    symbols = subprocess.run(["nm", "-n", cases.path], capture_output=True, text=True, check=True).stdout
    below = [line.split() for line in symbols.splitlines()
             if len(line.split()) == 3 and int(line.split()[0], 16) <= int(frame["offset"], 16)]
    return below[-1][2]
