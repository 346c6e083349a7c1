"""Reading a vendor's rate limit from headers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.net.quota import MOST_SECONDS, Quota, quota_headers

SECONDS = quota_headers("left", "reset", "seconds")
EPOCH = quota_headers("left", "reset", "epoch")


def test_seconds_are_read():
    assert SECONDS({"left": "4999", "reset": "60"}) == Quota(4999, 60.0)


def test_a_unix_time_is_read_as_seconds_from_now():
    found = EPOCH({"left": "0", "reset": str(int(time.time()) + 100)})
    assert found is not None
    assert 98 <= found.reset_after <= 100


def test_a_time_in_the_past_means_now():
    assert EPOCH({"left": "0", "reset": "1"}) == Quota(0, 0.0)


@pytest.mark.parametrize("headers", [{}, {"left": "1"}, {"reset": "1"}, {"left": "", "reset": "1"}, {"left": "-1", "reset": "1"}, {"left": "٣", "reset": "1"}, {"left": "1", "reset": "soon"}])  # fmt: skip # noqa: E501
def test_missing_or_odd_headers_give_no_quota(headers):
    assert SECONDS(headers) is None


@given(left=st.text(max_size=20), reset=st.text(max_size=20))
def test_no_header_breaks_it_or_makes_callers_wait_for_ever(left, reset):
    found = EPOCH({"left": left, "reset": reset})
    assert found is None or (found.remaining >= 0 and 0 <= found.reset_after <= MOST_SECONDS)
