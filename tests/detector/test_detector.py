"""What the detector's door promises, case by case; unit.c makes the cases, this looks at the findings."""

import pytest

import godwit_testing as gt
from cases import Cases, function_of, one


class Unit(Cases):
    """x, big and locks are where the variables are."""

    def __init__(self, folder):
        super().__init__(folder, "unit")

    def __call__(self, case, **expected):
        findings = super().__call__(case, **expected)
        self.x, self.big, self.locks = self.addresses
        return findings


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    return Unit(tmp_path_factory.mktemp("unit"))


def test_both_sides(unit):
    finding = one(unit("plain"))
    later, earlier = finding["accesses"]
    assert finding["kind"] == "GW1001" and finding["count"] == 1 and finding["schema"] == "godwit-finding-1"
    assert (later["op"], later["size"], int(later["address"], 16)) == ("read", 2, unit.x + 4)
    assert earlier["op"] == "write"
    assert int(earlier["address"], 16) <= unit.x + 4 < int(earlier["address"], 16) + earlier["size"]
    assert later["goroutine"]["id"] != earlier["goroutine"]["id"]
    assert later["created_by"]["id"] == earlier["created_by"]["id"] == 1


def test_stacks_begin_where_the_access_is(unit):
    for access in one(unit("plain"))["accesses"]:
        assert function_of(unit, access["stack"][0]) == "plain"
        assert function_of(unit, access["created_at"][0]) == "main"


@pytest.mark.parametrize("case, later, earlier, kinds", (
    ("ops_atomic_write", "atomic write", "read", ("GW1001",)),
    ("ops_atomic_read", "atomic read", "write", ("GW1001",)),
    ("ops_free", "free", "read", ("GW1001", "GW1007")),
    ("ops_use_after_free", "read", "free", ("GW1007",)),
    ("ops_alloc", "write", "alloc", ("GW1001",)),
))
def test_ops(unit, case, later, earlier, kinds):
    finding = one(unit(case))
    assert finding["accesses"][0]["op"] == later
    # A cell doesn't tell an allocator's write from a program's.
    assert finding["accesses"][1]["op"] in (earlier, "write")
    assert finding["kind"] in kinds + (("GW1001",) if finding["accesses"][1]["op"] == "write" else ())


def test_names(unit):
    later, earlier = one(unit("names"))["accesses"]
    assert earlier["goroutine"]["name"] == "auditor"
    assert later["goroutine"]["name"] == "a name of more than forty-seven bytes, of which the end"[:47]


def test_name_changed_since(unit):
    assert one(unit("renamed"))["accesses"][1]["goroutine"]["name"] in ("first", "second")


def test_a_goroutine_that_has_ended_keeps_its_name_and_number(unit):
    later, earlier = one(unit("ended"))["accesses"]
    assert earlier["goroutine"]["name"] == "gone"
    assert earlier["goroutine"]["id"] == later["goroutine"]["id"] - 1
    assert earlier["created_at"]


@pytest.mark.parametrize("case", ("first", "left", "stayed", "left_in_a_round"))
def test_a_threads_variable_used_on_another_one(case, unit):
    assert one(unit(f"thread_{case}"))["kind"] == "GW1001"


@pytest.mark.parametrize("case", ("one", "several", "came", "reopened", "collected"))
def test_a_threads_variable_used_on_it(case, unit):
    """Or maybe not: nothing is told where that isn't known."""
    assert unit(f"thread_{case}", status=0) == []


def test_locks(unit):
    later, earlier = one(unit("locks_held"))["accesses"]

    def held(access):
        return sorted((int(lock["address"], 16) - unit.locks, lock["mode"]) for lock in access["locks"])

    assert held(earlier) == [(0, "write"), (16, "read")]
    assert held(later) == [(48, "write")]
    # RACE_HERE gives the place from which the function that locks was called: here that is main.
    assert all(function_of(unit, lock["stack"][0]) == "main" for a in (later, earlier) for lock in a["locks"])


def test_locks_that_others_unlocked(unit):
    later, earlier = one(unit("locks_swapped"))["accesses"]
    assert earlier["locks"] == []
    assert [int(lock["address"], 16) for lock in later["locks"]] == [unit.locks + 16]


def test_more_locks_than_anybody_expects(unit):
    first, second = unit("locks_many")
    assert len(first["accesses"][1]["locks"]) == 100
    assert [int(lock["address"], 16) for lock in second["accesses"][1]["locks"]] == [unit.locks + 99 * 16]


def test_some_of_the_locks_of_one_place_are_named(unit):
    """A table's thousand locks must not make a thousand contexts of each stack under them."""
    [first] = one(unit("locks_of_a_place_first"))["accesses"][1]["locks"]
    assert int(first["address"], 16) == unit.locks
    [last] = one(unit("locks_of_a_place_last"))["accesses"][1]["locks"]
    assert last["address"] == "0x0"
    assert last["mode"] == "write" and last["stack"] and first["stack"]


def test_one_finding_for_the_same_two_places(unit):
    assert int(one(unit("folded"))["accesses"][0]["address"], 16) == unit.big


def test_other_places_are_other_findings(unit):
    assert len(unit("not_folded")) == 2


def test_a_byte_of_a_big_range(unit):
    assert int(one(unit("big_range"))["accesses"][0]["address"], 16) == unit.big + 777777


@pytest.mark.parametrize("case", ("big_range_reborn", "ignored", "id", "nothing"))
def test_silent(unit, case):
    assert unit(case, status=0) == []


@pytest.mark.parametrize("case", ("rounds", "readers", "many", "own_thread"))
def test_not_forgotten(unit, case):
    """Three million rounds of a lock, a thousand ordered readers, a hundred thousand live goroutines in between."""
    earlier = one(unit(case))["accesses"][1]
    assert function_of(unit, earlier["stack"][0]) == case
    assert earlier["goroutine"]["id"] == 2


def test_finding_of_another_kind(unit):
    finding = one(unit("finding"))
    assert (finding["kind"], finding["message"]) == ("GW1006", 'unlock of a lock that is "free"')
    assert finding["text"] == "one\ntwo\n"
    assert finding["accesses"][0]["goroutine"]["id"] == 2


def test_finding_of_nobody(unit):
    finding = one(unit("finding_without_goroutine"))
    assert (finding["kind"], finding["message"], finding["accesses"]) == ("GW1003", "all asleep", [])
