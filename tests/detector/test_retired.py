"""More epochs than there are ids: retired.c makes the cases, this looks at the findings."""

import pytest

from cases import Cases, function_of, one


@pytest.fixture(scope="module")
def retired(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("retired"), "retired")


@pytest.mark.parametrize("case", ["ordered", "same_epoch", "long_range", "long_stride", "paused_while_stopped",
                                  "paused_while_lent_ends", "reborn"])
def test_nothing_wrong_is_told(retired, case):
    assert retired(case, status=0) == []


@pytest.mark.parametrize("case", ["unordered", "ordered_after_the_next"])
def test_no_race_is_forgotten(retired, case):
    later, earlier = one(retired(case))["accesses"]
    assert (later["op"], earlier["op"], int(later["address"], 16)) == ("write", "write", retired.addresses[0])
    assert function_of(retired, later["stack"][0]) == case
    assert function_of(retired, earlier["stack"][0]) == "fill"


@pytest.mark.parametrize("case", ["of_the_dead", "of_many_goroutines"])
def test_whose_access_it_was_is_known(retired, case):
    _, earlier = one(retired(case))["accesses"]
    address, goroutine = retired.addresses
    assert (int(earlier["address"], 16), earlier["goroutine"]["id"]) == (address, goroutine)
