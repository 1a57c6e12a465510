"""No handler runs on a thread that has stopped the others; stops.c makes the cases."""

import pytest

from cases import Cases


@pytest.fixture(scope="module")
def stops(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("stops"), "stops")


@pytest.mark.parametrize("case", ["waits", "is_the_parents", "is_the_childs"])
def test_a_handler_waits_until_the_others_may_go_on(stops, case):
    assert stops(case, status=0) == []
