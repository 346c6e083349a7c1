"""Retry-After in its two forms, and in invalid ones."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.net.retry_after import CAP_SECONDS, retry_after

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60),
        (" 2 ", 2),
        ("0", 0),
        ("1.5", 1.5),
        ("-5", 0),
        ("999999999999", CAP_SECONDS),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Friday, 20-Nov-26 12:00:30 GMT", 30),
        ("Fri Nov 20 12:00:30 2026", 30),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 20 Nov 2099 12:00:00 GMT", CAP_SECONDS),
        ("Fri, 20 Nov 2026 09:00:30 -0300", 30),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("٣", None),
        ("--5", None),
        ("Fri, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_a_wait_is_read_within_limits(value, seconds):
    assert retry_after(value, now=NOW) == seconds


@given(value=st.text(max_size=80))
def test_no_header_breaks_it_or_makes_it_wait_too_long(value):
    wait = retry_after(value)
    assert wait is None or 0 <= wait <= CAP_SECONDS
