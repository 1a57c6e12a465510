"""Walks along a chain that changes under them; chains.c makes them, and compares."""

import godwit_testing as gt
from cases import build


def test_chains(tmp_path):
    r = gt.run(build(tmp_path, "chains"), timeout=300)
    assert r.status == 0, r
