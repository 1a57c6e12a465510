"""The only goroutine alive needn't end its epochs; alone.c makes the cases, this looks at the findings."""

import pytest

from cases import Cases, one


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("alone"), "alone")


@pytest.mark.parametrize("case", ["until_a_birth", "acquires_from_the_dead", "never_again"])
def test_an_epoch_goes_on_while_nobody_else_lives(alone, case):
    assert alone(case, status=0) == []


@pytest.mark.parametrize("case", ["birth", "birth_after_a_round", "unseen_thread"])
def test_it_ends_when_somebody_comes(alone, case):
    later, earlier = one(alone(case))["accesses"]
    assert (later["op"], earlier["op"], int(later["address"], 16)) == ("read", "write", alone.addresses[0])
