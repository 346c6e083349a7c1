"""A masked address says whose it is to who knows it, and nothing to others."""

import pytest

from apps.integrations.masks import masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+5511988887777", "•••7777"),
        ("ana@example.com", "a•••@example.com"),
        ("a@example.com", "a•••@example.com"),
        ("12345678", "•••"),
        ("@example.com", "•••.com"),
        ("", ""),
    ],
)
def test_an_address_is_masked(address, shown):
    assert masked(address) == shown
