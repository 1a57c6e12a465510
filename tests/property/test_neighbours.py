"""Fields that share a granule: their accesses take turns in its cells, and what has no cell is displaced.  Short programs
by the hundred on two granules, so that each way of displacing is met with and without a race."""

import random

import pytest

import judge
from script import Execution, Program, execute

SIZE, GOROUTINES, PROGRAMS = 24, 5, 400
CROWD = 12  # goroutines of which each has victims in every byte: more than a block has room for
FIELDS = {  # (offset, bytes) from a granule's beginning on
    "halves": [(0, 4), (4, 4), (0, 8)],
    "a structure's": [(0, 4), (4, 2), (6, 1), (7, 1), (4, 4), (0, 8)],
    "bytes": [(i, 1) for i in range(8)],
    "two bytes, and halves": [(0, 1), (4, 1), (0, 4), (4, 4)],
    "bytes, and all": [*[(i, 1) for i in range(8)], (0, 8)],
    "over two granules": [(0, 4), (4, 4), (1, 8), (4, 8), (6, 4), (7, 8)],
}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    return judge.build_driver(tmp_path_factory.mktemp("neighbours"))


def program(rng, fields, workers, goroutines=GOROUTINES, granules=2, longest=50):
    """Goroutines on a worker thread each, or on one.  What would race is put in order first, but for the last few."""
    run, ops = Execution(), []
    reads, ordered, length = rng.choice((0.5, 0.7, 0.9)), rng.random(), rng.randrange(4, longest)

    def add(*op):
        run.make(op)
        ops.append(op)

    for g in range(1, goroutines):
        add("n", 0, g, 0, 0)
    for i in range(length):
        g, (lo, n) = rng.randrange(goroutines), rng.choice(fields)
        lo, write = lo + 8 * rng.randrange(granules), rng.random() > reads
        if rng.random() < 0.1:
            add("h", g, (g + 1) % goroutines)
        for racer in sorted({a.g for a in run.oracle.would_race(g, lo, lo + n, write)}):
            if i + 3 < length or rng.random() < ordered:
                add("h", racer, g)
        add("t", g % workers)
        add("w" if write else "r", g, lo, n, 1)
    return Program(SIZE, 0, 0, ((0, SIZE),), tuple(ops))


@pytest.mark.parametrize("planes, workers", [(0, 1), (3, GOROUTINES)])
@pytest.mark.parametrize("fields", FIELDS)
def test_neighbours(driver, fields, planes, workers, full):
    rng = random.Random(f"{fields} {planes}")
    programs = [program(rng, FIELDS[fields], workers) for _ in range(PROGRAMS * (20 if full else 1))]
    for collect in (0, 50, -20):
        wrong = judge.judge(driver, programs, (collect, planes))
        assert not wrong, judge.explain(driver, programs, (fields, planes, workers), (collect, planes))


@pytest.mark.parametrize("blocks", [1 << 30, 24, 0])
@pytest.mark.parametrize("fields", ["bytes", "two bytes, and halves", "bytes, and all"])
def test_crowd(driver, fields, blocks, full):
    """What has no room in a block, or finds no block."""
    rng = random.Random(f"{fields} {blocks}")
    programs = [program(rng, FIELDS[fields], 1, CROWD, 1, 120) for _ in range(100 * (20 if full else 1))]
    arguments = (0, 0, 0, blocks)
    wrong = judge.judge(driver, programs, arguments)
    assert not wrong, judge.explain(driver, programs, (fields, blocks), arguments)


def halves(heard_of):
    """The block is full of reads of one half when reads of the other, 10's and 11's, come.  Who writes the first half
    empties the block; what is in the table stays."""
    ops = [("n", 0, g, 0, 0) for g in range(1, 14)]
    ops += [("r", g, 0, 4, 1) for g in range(1, 10)]
    ops += [("r", g, 4, 4, 1) for g in (10, 11)]
    ops += [*(("h", g, 12) for g in range(1, 10)), ("w", 12, 0, 4, 1)]
    ops += [*(("h", g, 13) for g in heard_of), ("w", 13, 4, 4, 1)]
    return Program(8, 0, 0, ((0, 4), (4, 8)), tuple(ops))


@pytest.mark.parametrize("blocks", [1 << 30, 0])
def test_a_block_is_emptied(driver, blocks):
    programs = [halves(heard_of) for heard_of in ((10, 11), (11,), (10,), ())]
    assert [len(execute(p.ops)[0].oracle.races) for p in programs] == [0, 1, 1, 2]
    arguments = (0, 0, 0, blocks)
    wrong = judge.judge(driver, programs, arguments)
    assert not wrong, judge.explain(driver, programs, blocks, arguments)


def beside_a_reader(heard_of):
    """1 has read all of it; 2 reads there as well, and so gets an epoch and a plane of its own, then over two granules."""
    ops = [*(("n", 0, g, 0, 0) for g in (1, 2, 3)), ("t", 1)]
    ops += [("r", 1, lo, 8, 1) for lo in range(0, 40, 8)]
    ops += [("t", 2), ("r", 2, 32, 8, 1), ("r", 2, 24, 8, 1), ("r", 2, 12, 8, 1), ("t", 3)]
    ops += [*(("h", g, 3) for g in heard_of), ("w", 3, 12, 4, 1), ("w", 3, 16, 4, 1)]
    return Program(40, 0, 0, ((12, 16), (16, 20)), tuple(ops))


def test_over_two_granules_beside_a_reader(driver):
    programs = [beside_a_reader(heard_of) for heard_of in ((1, 2), (2,), (1,), ())]
    assert [len(execute(p.ops)[0].oracle.races) for p in programs] == [0, 2, 2, 4]
    arguments = (0, 3)
    for one in programs:  # by itself: threads keep their planes
        wrong = judge.judge(driver, [one], arguments)
        assert not wrong, judge.explain(driver, [one], "beside", arguments)


def test_some_race():
    """By the oracle: a good part of them, and a good part don't."""
    rng = random.Random(1)
    races = [bool(execute(program(rng, FIELDS["halves"], 1).ops)[0].oracle.races) for _ in range(100)]
    assert 20 <= sum(races) <= 80, sum(races)
