"""No empty secret and no short one gets into the settings."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from lib.secret_list import secret_list


def test_entries_lose_their_outer_spaces():
    assert secret_list("NAME", ["new", " old "]) == ["new", "old"]
    assert secret_list("NAME", []) == []


@pytest.mark.parametrize("entries", [[""], ["a", ""], ["", "a"], ["a", " ", "b"]])
def test_an_empty_entry_is_an_error_that_names_the_setting(entries):
    with pytest.raises(ImproperlyConfigured, match="NAME contains an empty secret"):
        secret_list("NAME", entries)


def test_a_short_entry_is_an_error_that_does_not_show_it():
    assert secret_list("NAME", ["x" * 16], shortest=16) == ["x" * 16]
    with pytest.raises(ImproperlyConfigured, match="fewer than 16") as caught:
        secret_list("NAME", ["x" * 16, "hunter2"], shortest=16)
    assert "hunter2" not in str(caught.value)
