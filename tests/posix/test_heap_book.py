"""The book of heap blocks against a plain list: every answer for random blocks that come and go."""

import random
import re

import pytest

import godwit_testing as gt

HALF = 1 << 22  # goroutine numbers that fit a small block's line in the book


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    out = tmp_path_factory.mktemp("book") / "book"
    room = gt.REPO / "detector"
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-DGW_RACE=1", f"-I{gt.REPO}", f"-I{gt.REPO}/include",
               gt.REPO / "tests" / "posix" / "heap_book.c", room / "heap.c",
               *(gt.REPO / "base" / name for name in ("prim_linux.c", "own.c", "spin.c")), "-o", out)
    assert r.status == 0 and not r.stderr, r

    def ask(commands):
        r = gt.run(out, stdin="\n".join(commands) + "\n")
        assert r.status == 0, r
        return r.stdout.splitlines()

    return ask


class Model:
    """An allocator of 16-byte steps in a few regions far apart, each block behind 16 bytes of its own."""

    REGIONS = (0x10000, 0x55550000_0000, 0x7fff_ffff_0000 - (1 << 27), (1 << 26) * 77 - 512)

    def __init__(self, rng):
        self.rng = rng
        self.live = []  # (base, size, context, goroutine)
        self.commands, self.expected = [], []

    def free_space(self, n):
        for _ in range(50):
            base = self.rng.choice(self.REGIONS) + 16 * self.rng.randrange(1, 400)
            if all(base >= b + max(s, 16) + 16 or base + max(n, 16) + 16 <= b for b, s, _, _ in self.live):
                return base
        return None

    def born(self):
        n = self.rng.choice((0, 1, 15, 16, 17, 24, 32, 40, 48, 63, 64, 65, 80, 200, 1000))
        base = self.free_space(n)
        if base is None:
            return
        block = (base, n, self.rng.randrange(1 << 32), self.rng.choice((1, 7, HALF - 1, HALF, HALF * 3 + 5)))
        self.live.append(block)
        self.commands.append("b %d %d %d %d" % block)

    def died(self):
        if not self.live:
            return
        block = self.live.pop(self.rng.randrange(len(self.live)))
        self.commands.append(f"d {block[0]}")
        self.expected.append(str(block[1]))
        # it is named as freed until something is born in its place
        self.ask(block[0] + self.rng.randrange(max(block[1], 1)), freed=block)

    def ask(self, addr, freed=None):
        known = freed or next((b for b in self.live if b[0] <= addr < b[0] + max(b[1], 1)), None)
        if not known:
            return
        base, n, context, goroutine = known
        if n <= 63 and goroutine >= HALF:
            goroutine = 0
        self.commands.append(f"f {addr}")
        self.expected.append(f"{base} {n} {context} {goroutine} {int(bool(freed))}")

    def list(self):
        """Blocks in use, by address; freed ones are listed between them, and depend on more than this model knows."""
        lo = self.rng.choice(self.REGIONS)
        hi = lo + self.rng.randrange(8000)
        self.commands.append(f"e {lo} {hi}")
        self.expected.append("".join(f"{b} {n} 0, " for b, n, _, _ in sorted(self.live) if lo <= b < hi) + ".")

    def not_a_block(self):
        self.commands.append(f"d {self.rng.choice(self.REGIONS) - 16}")
        self.expected.append("-")

    def step(self):
        what = self.rng.random()
        if what < 0.5:
            self.born()
        elif what < 0.8:
            self.died()
        elif what < 0.82:
            self.not_a_block()
        elif what < 0.84:
            self.list()
        for base, n, _, _ in self.rng.sample(self.live, min(3, len(self.live))):
            self.ask(base + self.rng.randrange(max(n, 1)))


@pytest.mark.parametrize("seed", range(20))
def test_random_blocks(seed, book, full):
    model = Model(random.Random(seed))
    for _ in range(20000 if full else 2000):
        model.step()
    answers = [re.sub(r"\d+ \d+ 1, ", "", a) for a in book(model.commands)]
    wrong = [(i, w, g) for i, (w, g) in enumerate(zip(model.expected, answers)) if w != g]
    assert len(answers) == len(model.expected) and not wrong, f"seed {seed}: {wrong[:5]}"


def test_a_huge_block_is_found_from_its_end(book):
    base, n = 0x7000_0000_0010, 3 << 30
    assert book([f"b {base} {n} 5 9", f"f {base + n - 1}", f"f {base + n}", f"f {base - 1}"]) == [
        f"{base} {n} 5 9 0", "-", "-"]


def test_what_is_no_heap_any_more(book):
    base = 0x7000_0000_0000
    blocks = [f"b {base + i * 128} 100 {i} 1" for i in range(2000)]
    lo, hi = base + 128 * 100, base + 128 * 1900
    asked = [f"f {base + i * 128 + 50}" for i in range(2000)]
    answers = book(blocks + [f"x {lo} {hi}"] + asked)
    assert [a != "-" for a in answers] == [i < 100 or i >= 1900 for i in range(2000)]


def test_a_live_block_wins_over_freed_ones_inside_it(book):
    base = 0x7000_0000_0000
    small = [f"b {base + i * 64} 40 {i} 1" for i in range(1, 16)]
    died = [f"d {base + i * 64}" for i in range(1, 16)]
    answers = book(small + died + [f"b {base} 1024 99 2", f"f {base + 5 * 64 + 3}", f"f {base + 64 + 41}"])
    assert answers[-2:] == [f"{base} 1024 99 2 0"] * 2
