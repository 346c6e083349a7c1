"""Pluggy's values are read leniently, and a value that does not fit goes to `extra`."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.aggregators.pluggy.rows.values import clock_time, currency, day, instant, money, text, whole
from lib.storable import storable

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def read(reader, value, *more):
    """(the value, `extra`)"""
    extra = {}
    return reader({"x": value}, "x", extra, *more), extra.get("x")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("2026-11-01T00:00:00.000Z", date(2026, 11, 1)),  # a date without a time, in UTC
        ("2026-11-01T03:00:00.000Z", date(2026, 11, 1)),  # a date without a time, midnight in São Paulo
        ("2026-11-01T02:59:59.999Z", date(2026, 10, 31)),
        ("2026-11-01T00:00:00.001Z", date(2026, 10, 31)),
        ("2026-11-01T23:59:59.999Z", date(2026, 11, 1)),
        ("2026-11-01T00:00:00Z", date(2026, 11, 1)),
        ("2024-01-15T10:30:00Z", date(2024, 1, 15)),
        ("2022-01-03", date(2022, 1, 3)),
        ("2023-07-20T00:00:00", date(2023, 7, 20)),
        ("2023-07-20T01:00:00", date(2023, 7, 20)),  # no time zone: already local
        ("2023-07-20T22:30:00-03:00", date(2023, 7, 20)),
        ("2023-07-21T01:30:00+00:00", date(2023, 7, 20)),
        ("2018-11-15T01:30:00.000Z", date(2018, 11, 14)),  # with summer time, the difference is two hours
        ("0001-01-01T01:00:00.000Z", date(1, 1, 1)),
    ],
)
def test_a_timestamp_belongs_to_its_day_in_brazil(sent, meant):
    assert read(day, sent) == (meant, None)


@pytest.mark.parametrize("sent", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", 20261101, {}, True])
def test_an_invalid_date_goes_to_extra(sent):
    assert read(day, sent) == (None, sent)
    assert read(instant, sent) == (None, sent)


def test_instants_are_in_utc():
    moment = datetime(2026, 11, 1, 13, 30, tzinfo=UTC)
    for sent in ("2026-11-01T13:30:00Z", "2026-11-01T10:30:00-03:00", "2026-11-01T13:30:00"):
        assert read(instant, sent) == (moment, None)


def test_a_date_without_a_time_has_no_instant():
    assert clock_time("2026-11-01T00:00:00.000Z") is None
    assert clock_time("2026-11-01T03:00:00.000Z") is None
    assert clock_time("2026-11-01T14:02:11.000Z") == datetime(2026, 11, 1, 14, 2, 11, tzinfo=UTC)
    assert clock_time("") is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (Decimal("10.5"), "10.50000000"),
        (7, "7.00000000"),
        ("12.345", "12.34500000"),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("10.100000000000001"), "10.10000000"),
        (Decimal("1E+3"), "1000.00000000"),
        (0, "0.00000000"),
        (Decimal("99999999999999999999.99999999"), "99999999999999999999.99999999"),
    ],
)
def test_amounts_are_exact_to_eight_decimals(sent, expected):
    assert read(money, sent) == (Decimal(expected), None)


@pytest.mark.parametrize(
    "sent",
    [
        *map(Decimal, ("1E+20", "1E+200000", "-1E+99", "99999999999999999999.999999999")),
        *("NaN", "Infinity", "ten", "", True, [1], {"a": 1}),
    ],
)
def test_absurd_amounts_go_to_extra(sent):
    assert read(money, sent) == (None, sent)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**19), max_value=10**19))
def test_any_amount_of_eight_decimals_survives(amount):
    assert read(money, amount) == (amount, None)


@given(ANY_JSON)
def test_every_value_can_be_read_without_an_error(value):
    for reader in (day, instant, money, whole, currency):
        read(reader, value)
    result, _ = read(text, value, 60)
    assert len(result) <= 60
    result.encode()
    assert "\x00" not in result


@given(st.text(st.characters(), max_size=80))
def test_text_that_fits_is_unchanged_except_for_characters_that_cannot_be_stored(value):
    result, in_extra = read(text, value, 60)
    assert result == "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in value)[:60]
    assert in_extra == (value if len(value) > 60 else None)


def test_a_number_in_a_text_field_becomes_text():
    assert read(text, 5411, 60) == ("5411", None)


@pytest.mark.parametrize(
    ("sent", "expected", "in_extra"), [("brl", "BRL", None), ("USDT", "XXX", "USDT"), (None, "XXX", None)]
)
def test_currencies_are_three_letters_or_none(sent, expected, in_extra):
    assert read(currency, sent) == (expected, in_extra)


@pytest.mark.parametrize(
    ("sent", "expected"), [(5411, 5411), ("5411", 5411), (Decimal(3), 3), (2.5, None), (2**31, None)]
)
def test_integers_come_from_numbers_and_their_text(sent, expected):
    assert read(whole, sent) == (expected, None if expected else sent)


def test_json_for_the_database_is_cleaned_at_any_depth():
    assert storable({"a\x00": ["\ud800", {"b": "c\x00"}]}) == {"a\ufffd": ["\ufffd", {"b": "c\ufffd"}]}


def test_an_amount_that_rounds_to_a_number_too_large_for_the_column_goes_to_extra():
    for text_of in ("99999999999999999999.999999999", "-99999999999999999999.999999999"):
        assert read(money, Decimal(text_of)) == (None, Decimal(text_of))
