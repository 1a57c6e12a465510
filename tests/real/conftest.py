"""Lets the tests here find real_programs.py and what the benchmarks share."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "bench")]
