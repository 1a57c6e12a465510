"""Help, the manual, and what a mistyped word gets; the tables are the source of all of it."""

import re
import resource
import shutil
import subprocess

import pytest

import godwit_testing as gt

CLI = gt.REPO / "cli"
COMMANDS = re.findall(r'^COMMAND\((\w+), "(.*)"\)', (CLI / "commands.inc").read_text(), re.M)
KINDS = re.findall(r'^GW_FINDING\((\d+), \w+, "(.*)"\)', (gt.REPO / "include/godwit/findings.inc").read_text(), re.M)
OPTIONS = re.findall(r'^OPT\(\w+, (\w+), "?([^",]*)"?, "(.*)"\)', (gt.REPO / "base/options.inc").read_text(), re.M)
MANUAL = gt.REPO / "docs" / "man" / "godwit.1"


def godwit(*args, **kwargs):
    return gt.run(gt.GODWIT, *args, **kwargs)


def test_the_tables_are_read():
    assert len(COMMANDS) >= 8 and len(KINDS) >= 11 and len(OPTIONS) >= 20


def test_overview(build):
    r = godwit("--help")
    assert r.status == 0 and not r.stderr and r == godwit("help") == godwit("-h")
    assert all(f"  {name:10} {summary}\n" in r.stdout for name, summary in COMMANDS)
    r = godwit()
    assert r.status == 64 and not r.stdout and "usage" in r.stderr


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_help_of_each_command(build, name):
    r = godwit("help", name)
    assert r.status == 0 and not r.stderr and r == godwit(name, "--help"), r
    assert r.stdout.startswith(f"usage: godwit {name}") and "exit status: " in r.stdout
    assert all(len(line) <= 115 for line in r.stdout.splitlines())


def test_version(build):
    r = godwit("--version")
    version = re.search(r"project\(godwit VERSION ([\d.]+)", (gt.REPO / "CMakeLists.txt").read_text())[1]
    assert r == gt.Result(0, f"godwit {version}\n", "")


@pytest.mark.parametrize("args, nearest", [(("reprot",), "report"), (("help", "symbolise"), "symbolize"), (("dcotor",), "doctor"),
                                           (("selftest", "--kep"), "--keep"), (("env", "--hlep"), "--help")])
def test_nearest_name(build, args, nearest):
    r = godwit(*args)
    assert r.status == 64 and not r.stdout and len(r.stderr.splitlines()) == 1, r
    assert f"did you mean '{nearest}'?" in r.stderr, r


@pytest.mark.parametrize("args", [("zzzzzzzz",), ("env", "x"), ("doctor", "x"), ("selftest", "x"), ("explain", "a", "b"),
                                  ("report", "--zzzzzzzzz"), ("env", "--help=1"), ("selftest", "--keep=1"), ("help", "")])
def test_bad_usage(build, args):
    r = godwit(*args)
    assert r.status == 64 and len(r.stderr.splitlines()) == 1, r


@pytest.mark.parametrize("args", [("help",), ("--help",), ("help", "cc"), ("run", "--help"), ("--version",), ("env",)])
def test_a_full_disk(build, args):
    with open("/dev/full", "w") as full:
        p = subprocess.run([gt.GODWIT, *args], stdout=full, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 125 and len(p.stderr.splitlines()) == 1 and "No space left" in p.stderr, p


# env


def test_env_lists_every_option(build):
    r = godwit("env")
    assert r.status == 0 and not r.stderr, r
    for name, default, text in OPTIONS:
        assert re.search(rf"^  {name} +{re.escape(default or '-')} +{re.escape(default or '-')} +{re.escape(text)}$",
                         r.stdout, re.M), name
    assert str(gt.GODWIT.resolve()) in r.stdout and "clang-19" in r.stdout


def test_env_shows_what_is_set(build):
    r = godwit("env", env={"GODWIT": "exitcode=3 log_path='a b'", "GORACE": "halt_on_error=1"})
    assert r.status == 0 and not r.stderr, r
    for name, value in (("exitcode", "3"), ("log_path", "a b"), ("halt_on_error", "1")):
        assert re.search(rf"^\* {name} +{value} ", r.stdout, re.M), r


def test_env_complains_about_what_is_wrong(build):
    r = godwit("env", env={"GODWIT": "exitcod=3 style=gcc"})
    assert r.status == 0 and "did you mean 'exitcode'?" in r.stderr and "'gcc'" in r.stderr, r


def test_an_option_that_nobody_reads_is_no_silence(build):
    r = godwit("env", env={"GODWIT": "schedule=race.gwr"})
    assert r.status == 0 and "'race.gwr' is no value for schedule" in r.stderr, r


# explain


def test_explain_lists_the_kinds(build):
    assert godwit("explain").stdout == "".join(f"GW{code}  {title}\n" for code, title in KINDS)


@pytest.mark.parametrize("code, title", KINDS)
def test_explain_each_kind(build, code, title):
    r = godwit("explain", f"GW{code}")
    assert r.status == 0 and r.stdout.startswith(f"GW{code}: {title}\n\n") and r == godwit("explain", f"gw{code}") == godwit(
        "explain", code)
    assert len(r.stdout.split("\n\n")) >= 4, "a meaning, an example, a remedy"


@pytest.mark.parametrize("kind", ["GW999", "GW10012", "race", "", "GW", "1001x"])
def test_explain_what_is_none(build, kind):
    r = godwit("explain", kind)
    assert r.status == 64 and len(r.stderr.splitlines()) == 1 and not r.stdout, r


# the manual


def test_the_manual_has_every_option():
    text = MANUAL.read_text()
    listed = re.findall(r"^\.It Cm (\w+)(?: Pq (.*))?\n(.*)$", text[text.index(".Sh OPTIONS AT RUN TIME"):
                                                                 text.index(".Sh STYLES")], re.M)
    assert listed == [(name, default, text[0].upper() + text[1:] + ".") for name, default, text in OPTIONS]


def test_the_manual_has_every_command_and_its_options(build):
    text = MANUAL.read_text()
    for name, _ in COMMANDS:
        assert re.search(rf"^\.(?:It )?Cm .*\b{name}\b", text, re.M), name
        for option in set(re.findall(r"--([a-z-]+)", godwit("help", name).stdout)) - {"configure"}:
            assert f"\\&-{option}" in text, option


def test_the_manual_s_syntax():
    lint = ["mandoc", "-Tlint", "-Wwarning"] if shutil.which("mandoc") else ["man", "--warnings", "-l", "-Tutf8", "-Z"]
    p = subprocess.run([*lint, MANUAL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = p.stdout + p.stderr if lint[0] == "mandoc" else p.stderr
    assert p.returncode == 0 and not said


# doctor and selftest


def test_doctor(build):
    r = godwit("doctor")
    assert r.status == 0 and not re.search(r"^FAIL", r.stdout, re.M) and r.stdout.endswith("all is well\n"), r
    for what in ("clang", "plugin", "library", "link", "run", "symboliser", "kernel", "ulimit -v"):
        assert re.search(rf"^ok    {what}", r.stdout, re.M), what


def test_doctor_without_clang(build):
    r = godwit("doctor", env={"PATH": "/nowhere"})
    assert r.status == 125 and re.search(r"^FAIL  clang .*apt-get install clang-19", r.stdout, re.M), r


def test_doctor_under_a_limit(build):
    """The tool itself runs in 16 GB of addresses; a program with -race can't."""
    if b"__asan_init" in gt.GODWIT.read_bytes():
        pytest.skip("ASan itself needs more addresses than that")
    limit = (16 << 30, 16 << 30)
    r = godwit("doctor", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))
    assert r.status == 125 and re.search(r"^FAIL  ulimit -v .*ulimit -v unlimited", r.stdout, re.M), r


def test_selftest(build, tmp_path):
    r = godwit("selftest", env={"TMPDIR": tmp_path})
    assert r.status == 0 and r.stdout.endswith("passed\n") and "FAIL" not in r.stdout, r
    assert not list(tmp_path.iterdir())


def test_selftest_is_not_led_astray_by_the_environment(build, tmp_path):
    """A user's GODWIT changes neither the status nor the place of the report."""
    r = godwit("selftest", "--keep", env={"TMPDIR": tmp_path, "GODWIT": f"exitcode=0 log_path={tmp_path}/log format=json"})
    assert r.status == 0, r
    kept = re.search(r"^kept in (\S+)$", r.stdout, re.M)[1]
    assert (tmp_path / kept / "race.c").exists() and not list(tmp_path.glob("log*"))


def test_selftest_says_what_is_wrong(build, tmp_path):
    r = godwit("selftest", env={"TMPDIR": tmp_path, "PATH": "/nowhere"})
    assert r.status == 125 and "no clang-19 on PATH" in r.stdout and not list(tmp_path.iterdir()), r
