"""Source entries are derived from whatever form apt's configuration has."""

import debian_source

STANZAS = """\
Types: deb
# a comment inside
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://example.org/other
Suites: stable
Components: main

Enabled: no
Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://commented.example.org/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example.org/debian bookworm main contrib # why
deb http://mirror.example.org/debian-security bookworm-security main
deb http://mirror.example.org/debian bookwormish main
deb http://mirror.example.org/debian bookworm contrib
"""


def lines(tmp_path, **files):
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        folder = tmp_path if name == "sources_list" else tmp_path / "sources.list.d"
        (folder / name.replace("_", ".")).write_text(text)
    return debian_source.source_lines(tmp_path, "bookworm")


def test_stanzas(tmp_path):
    key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    assert lines(tmp_path, debian_sources=STANZAS) == [
        f"deb-src {key}http://deb.debian.org/debian bookworm main",
        f"deb-src {key}http://deb.debian.org/debian bookworm-updates main"]


def test_one_line_entries(tmp_path):
    expected = ["deb-src [arch=amd64 signed-by=/k.gpg] http://mirror.example.org/debian bookworm main",
                "deb-src http://mirror.example.org/debian-security bookworm-security main"]
    assert lines(tmp_path, sources_list=ONE_LINE) == expected


def test_nothing_configured(tmp_path):
    assert lines(tmp_path) == []


def test_same_entry_twice(tmp_path):
    assert len(lines(tmp_path, sources_list=ONE_LINE, more_list=ONE_LINE)) == 2
