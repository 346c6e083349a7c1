"""What has no address of its own is gone when a second reading of its list leaves it out too."""

import pytest

from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.sync.listing import confirmed, listed_again


def test_a_row_that_slipped_between_two_pages_is_found_by_the_second_reading():
    readings = []

    def pages():
        readings.append(1)
        return [[{"id": "a"}], [{"id": "b"}]]

    look = listed_again(pages)
    assert confirmed(["a", "b", "c"], look) == ["c"]
    assert len(readings) == 1


def test_the_list_is_not_read_again_when_nothing_is_missing():
    def pages():
        pytest.fail("nobody asked")

    assert confirmed([], listed_again(pages)) == []


def test_an_empty_list_is_read_once_for_all_that_are_missing():
    readings = []

    def pages():
        readings.append(1)
        return []

    look = listed_again(pages)
    for missing in ("a", "b"):
        with pytest.raises(Gone):
            look(missing)
    assert len(readings) == 1
