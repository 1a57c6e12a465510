"""No handler runs on a thread that has stopped the others; stops.c makes the cases."""

import pytest

from cases import Cases


@pytest.fixture(scope="module")
def stops(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("stops"), "stops")


@pytest.mark.parametrize("case", ["waits", "is_the_parents", "is_the_childs"])
def test_a_handler_waits_until_the_others_may_go_on(stops, case):
    assert stops(case, status=0) == []


def test_a_thread_that_switches_goroutines_is_not_unsaid(stops):
    assert stops("epochs_that_move_keep_their_thread", status=0) == []
