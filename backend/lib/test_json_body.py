"""Untrusted JSON becomes exact, storable values, or one harmless error."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.json_body import NotJSON, parse


def test_numbers_with_a_point_keep_all_digits():
    assert parse(b'{"amount": 1234567.10, "n": 3}') == {"amount": Decimal("1234567.10"), "n": 3}
    assert str(parse(b"0.10")) == "0.10"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a": 1',
        b"<html></html>",
        b"\xff\xfe",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 5000,
        b"1.0e99999999999999999999999",
        b'"\x00"',
        b"{} trailing",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_unusable_json_raises_one_error_that_shows_no_content(raw):
    with pytest.raises(NotJSON) as caught:
        parse(raw)
    assert str(caught.value) == "not JSON"
    assert caught.value.__cause__ is None


def test_unstorable_text_is_replaced_in_names_and_values():
    assert parse(b'{"a\\u0000": ["x\\ud800y", {"b": "\\u0000"}]}') == {"a\ufffd": ["x\ufffdy", {"b": "\ufffd"}]}


def test_an_emoji_written_as_a_pair_is_one_character():
    assert parse(b'"\\ud83d\\ude00"') == "\U0001f600"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(value=VALUES)
def test_every_parsed_value_can_be_stored_as_utf8_without_nul(value):
    parsed = json.dumps(parse(json.dumps(value).encode()), ensure_ascii=False)
    assert "\x00" not in parsed.encode().decode()


@given(raw=st.binary(max_size=200))
def test_no_bytes_raise_another_error(raw):
    try:
        parse(raw)
    except NotJSON:
        return
