"""./bootstrap against a system of stubs: what it asks of dpkg, apt and sudo, and what it says when one refuses."""

import os
import re
import shutil
import stat

import pytest

import godwit_testing as gt

# What a base system has, and the script may use.
BASE_SYSTEM = ("awk cat dirname env find grep head id mkdir mktemp nproc printf rm sed sh tail tee tr").split()

STUBS = {
    # Installed is whatever is listed in the file "installed"; ALL stands for everything.
    "dpkg-query": 'for p; do :; done\ngrep -qx -e ALL -e "$p" "$STUBS/installed" && echo installed || '
                  '{ echo not-installed; exit 1; }',
    "apt-get": 'echo "apt-get $*" >>"$STUBS/calls"\n[ ! -f "$STUBS/apt-get-script" ] || . "$STUBS/apt-get-script"\n'
               'case " $* " in *" install "*) echo ALL >"$STUBS/installed" ;; esac',
    "cmake": 'echo "cmake $*" >>"$STUBS/calls"\nwhile [ "$1" != -B ]; do shift; done\n: >"$2/build.ninja"',
    "ninja": 'echo "ninja $*" >>"$STUBS/calls"\n[ ! -f "$STUBS/ninja-script" ] || . "$STUBS/ninja-script"',
    "sleep": 'echo "sleep $*" >>"$STUBS/calls"',
}


class System:
    """A checkout with the script alone, and a PATH with the base system's tools and the stubs."""

    def __init__(self, folder):
        self.folder = folder
        self.stubs = folder / "stubs"
        self.stubs.mkdir()
        (folder / "checkout").mkdir()
        self.script = folder / "checkout" / "bootstrap"
        shutil.copy(gt.REPO / "bootstrap", self.script)
        for tool in BASE_SYSTEM:
            (self.stubs / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin"))
        for name, body in STUBS.items():
            self.stub(name, body)
        self.user(0)
        self.installed("ALL")

    def stub(self, name, body):
        path = self.stubs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def user(self, uid):
        self.stub("id", f"echo {uid}")

    def installed(self, *names):
        (self.stubs / "installed").write_text("".join(f"{n}\n" for n in names))

    def script_for(self, tool, text):
        (self.stubs / f"{tool}-script").write_text(text)

    def __call__(self, *args, **env):
        (self.stubs / "calls").write_text("")
        env = {"PATH": self.stubs, "STUBS": self.stubs, "GODWIT_BUILD": None, "GODWIT_JOBS": "1", **env}
        return gt.run(self.script, *args, env=env, cwd="/")

    @property
    def calls(self):
        return (self.stubs / "calls").read_text().splitlines()

    def apt(self, verb):
        return [c for c in self.calls if c.startswith("apt-get ") and f" {verb}" in c]


@pytest.fixture
def system(tmp_path):
    return System(tmp_path)


def needed(which):
    return gt.run(gt.REPO / "bootstrap", "packages", which).stdout.split()


@pytest.mark.parametrize("args", [("help",), ("--help",), ()])
def test_help(system, args):
    r = system(*args)
    assert r.status == 0 and r.stderr == ""
    for word in ("demo", "build", "test", "--full", "GODWIT_BUILD", "status"):
        assert word in r.stdout


def test_unknown_command(system):
    r = system("biuld")
    assert r.status == 64 and "no command 'biuld'" in r.stderr and r.stdout == ""


def test_nothing_missing_asks_nobody(system):
    r = system("build")
    assert r.status == 0, r
    assert not system.apt("") and any(c.startswith("cmake -S") for c in system.calls)


def test_installs_only_what_is_missing(system):
    system.installed(*(p for p in needed("build") if p not in ("clang-19", "libdw-dev")))
    r = system("build")
    assert r.status == 0, r
    (install,) = system.apt("install")
    assert install.endswith("--no-install-recommends clang-19 libdw-dev")
    assert "apt-get" in system.calls[0] and system.calls[0].endswith(" update")
    assert "installing 2 packages" in r.stderr


def test_a_build_needs_less_than_the_tests(system):
    assert not set(needed("build")) & set(needed("test"))
    system.installed(*needed("build"))
    assert system("build").status == 0 and not system.apt("")


def test_root_has_no_need_of_sudo_and_others_use_it(system):
    system.installed()
    system.user(1000)
    system.stub("sudo", 'echo "sudo $*" >>"$STUBS/calls"\ncase $1 in -*) exit 0 ;; esac\nexec "$@"')
    assert system("build").status == 0
    assert any(re.match(r"sudo env .*apt-get .* install ", c) for c in system.calls)


@pytest.mark.parametrize("sudo", ["absent", "wants a password"])
def test_without_root_the_exact_line_is_printed(system, sudo):
    system.installed(*(p for p in needed("build") if p != "cmake"))
    system.user(1000)
    if sudo != "absent":
        system.stub("sudo", "exit 1")
    r = system("build")
    assert r.status == 3 and not system.apt(""), r
    assert "  apt-get update && apt-get install -y --no-install-recommends cmake" in r.stderr.splitlines()


def test_waits_for_the_lock(system):
    system.installed()
    system.script_for("apt-get", 'if [ ! -f "$STUBS/waited" ]; then : >"$STUBS/waited"\n'
                                 'echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100; fi\n')
    r = system("build")
    assert r.status == 0 and "waiting until it is done" in r.stderr, r
    assert len(system.apt("update")) == 2 and "sleep 5" in system.calls


def test_a_lock_that_stays_is_given_up(system):
    system.installed()
    system.script_for("apt-get", 'echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100\n')
    r = system("build")
    assert r.status == 3 and "Could not get lock" in r.stderr and r.stderr.count("waiting") == 1, r


def test_apt_that_fails(system):
    system.installed()
    system.script_for("apt-get", 'case " $* " in *" install "*) echo "E: no such host" >&2; exit 100 ;; esac\n')
    r = system("build")
    assert r.status == 3 and "E: no such host" in r.stderr and "install by hand" in r.stderr, r
    assert not any(c.startswith("cmake") for c in system.calls)


def test_not_debian(system):
    (system.stubs / "dpkg-query").unlink()
    r = system("build")
    assert r.status == 3 and "Debian 12 and 13" in r.stderr, r


def test_a_build_that_fails_shows_its_end(system):
    system.script_for("ninja", 'echo "x.c:1: error: broken"; exit 1\n')
    r = system("build")
    assert r.status == 1 and "x.c:1: error: broken" in r.stderr and "bootstrap.log" in r.stderr, r


def test_quiet_in_a_pipe(system):
    system.script_for("ninja", 'echo "[1/200] building"\n')
    r = system("build")
    assert r.stdout == "" and re.fullmatch(r"godwit: building in \S+ \(1 jobs\)\n", r.stderr), r


def test_jobs(system):
    assert system("build", GODWIT_JOBS="3").status == 0
    assert any(c.startswith("ninja") and c.endswith("-j 3") for c in system.calls)
    assert system("build", GODWIT_JOBS=None).status == 0
    (jobs,) = [int(c.split("-j ")[1]) for c in system.calls if "-j " in c]
    assert 1 <= jobs <= os.cpu_count()
    bad = system("build", GODWIT_JOBS="many")
    assert bad.status == 64 and "GODWIT_JOBS" in bad.stderr


def test_a_checkout_that_was_moved_is_configured_anew(system):
    build = system.folder / "checkout" / "build"
    build.mkdir()
    (build / "CMakeCache.txt").write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n")
    (build / "build.ninja").write_text("")
    assert system("build").status == 0
    assert any(c.startswith("cmake -S") for c in system.calls)


def test_second_build_configures_no_more(system):
    assert system("build").status == 0
    cache = system.folder / "checkout" / "build" / "CMakeCache.txt"
    cache.write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={system.folder / 'checkout'}\n")
    r = system("build")
    assert r.status == 0 and r.stderr == "" and not any(c.startswith("cmake") for c in system.calls), r


def test_packages_are_in_debian():
    """A name that was mistyped would fail on a bare machine only."""
    known = gt.run("apt-cache", "show", "--no-all-versions", *needed("all")).stdout
    assert set(needed("all")) <= set(re.findall(r"^Package: (.*)$", known, re.M))


def test_a_changed_source_is_announced(system):
    assert system("build").status == 0
    assert "building" not in system("build").stderr
    source = system.folder / "checkout" / "base"
    source.mkdir()
    later = (system.folder / "checkout" / "build" / ".built").stat().st_mtime + 5
    (source / "new.c").write_text("")
    os.utime(source / "new.c", (later, later))
    assert "building" in system("build").stderr
