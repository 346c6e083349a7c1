"""What a 404 in the middle of a run means: that something moved, or that there is no such thing."""

import pytest

from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.sync.products import _moved
from lib.errors import Temporary


@pytest.mark.parametrize(
    ("product", "code"), [("loans", "ITEM_NOT_FOUND"), ("transactions", "HTTP_404"), ("bills", "HTTP_404")]
)
def test_what_went_away_under_our_hands_is_looked_at_anew(product, code):
    assert isinstance(_moved(product, Gone("gone", code=code)), Temporary)


@pytest.mark.parametrize(("product", "code"), [("identity", "IDENTITY_NOT_FOUND"), ("loans", "HTTP_404")])
def test_what_there_is_not_does_not_hold_the_run_up(product, code):
    error = Gone("gone", code=code)
    assert _moved(product, error) is error
