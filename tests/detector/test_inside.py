"""What the detector remembers mustn't outlive what it was about; inside.c makes the cases, this looks at the findings."""

import pytest

from cases import Cases, function_of, one


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("inside"), "inside")


def test_a_duo_whose_ids_mean_other_accesses_now(inside):
    later, earlier = one(inside("duo_across_a_collection"))["accesses"]
    assert (later["op"], earlier["op"]) == ("read", "write")
    assert int(later["address"], 16) == inside.addresses[1]
    assert function_of(inside, later["stack"][0]) == "read_all"


def test_a_publication_whose_id_means_another_epoch_now(inside):
    later, earlier = one(inside("published_across_a_collection"))["accesses"]
    assert (later["op"], earlier["op"], int(later["address"], 16)) == ("read", "write", inside.addresses[0])


def test_an_object_that_has_become_another_locations(inside):
    assert inside("object_of_another_time", status=0) == []


def test_what_was_displaced_is_given_back(inside):
    assert inside("fields_and_all", status=0) == []
