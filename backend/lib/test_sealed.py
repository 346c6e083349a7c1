"""A sealed attribute reads and writes plain values; its column is encrypted."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import crypto
from lib.sealed import SealedJSON, decode, encode, seal_json


class Row:
    """The part of a model that the descriptor uses."""

    owner = SealedJSON("owner_sealed")
    extra = SealedJSON("extra_sealed", empty={})

    def __init__(self, key="1"):
        self.key = key
        self.owner_sealed = None
        self.extra_sealed = None

    def seal_context(self, column):
        return f"row|{self.key}|{column}"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=PLAIN)
def test_a_written_value_is_read_back(value):
    row = Row()
    row.owner = value
    assert row.owner == (value if value not in (None, {}, [], "") else None)


def test_the_column_does_not_show_the_value():
    row = Row()
    row.owner = "Maria da Silva"
    assert b"Maria" not in row.owner_sealed


def test_an_empty_value_stores_null_and_reads_as_the_default():
    row = Row()
    row.extra = {}
    assert row.extra_sealed is None
    assert row.extra == {}
    assert row.owner is None


@pytest.mark.parametrize("value", [0, False, Decimal(0)])
def test_zero_and_false_are_values(value):
    row = Row()
    row.owner = value
    assert row.owner is not None
    assert decode(encode(value)) == row.owner


def test_changing_a_default_does_not_change_other_rows():
    Row().extra["name"] = "leaked"
    assert Row().extra == {}


def test_a_ciphertext_copied_to_another_row_or_column_does_not_decrypt():
    row, other = Row("1"), Row("2")
    row.owner = "Maria"
    other.owner_sealed = row.owner_sealed
    with pytest.raises(crypto.Unreadable):
        _ = other.owner
    row.extra_sealed = row.owner_sealed
    with pytest.raises(crypto.Unreadable):
        _ = row.extra


def test_a_memoryview_from_the_database_is_read():
    row = Row()
    row.owner = "Maria"
    row.owner_sealed = memoryview(row.owner_sealed)
    assert row.owner == "Maria"


def test_numbers_stay_numbers_with_every_digit():
    row = Row()
    sent = '{"a":0.10,"b":12345678901234567890.123456789,"c":1E+400,"d":-0.0,"e":7,"f":0E-7,"g":1.5e-8}'
    row.owner = json.loads(sent, parse_float=Decimal)
    assert {name: str(value) for name, value in row.owner.items()} == {
        "a": "0.10",
        "b": "12345678901234567890.123456789",
        "c": "1E+400",
        "d": "-0.0",
        "e": "7",
        "f": "0E-7",
        "g": "1.5E-8",
    }
    assert all(isinstance(row.owner[name], Decimal) for name in "abcdfg")
    assert row.owner["e"] == 7
    assert encode(row.owner).startswith(b'{"a":0.10,"b":12345678901234567890.123456789,')


def test_a_text_that_looks_like_a_number_stays_a_text():
    value = {"a": "1.5", "b": '"1.5"', "c": ["0" * 32 + "1.5", Decimal("1.5")]}
    assert decode(encode(value)) == value


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_a_decimal_that_is_no_number_cannot_be_sealed(value):
    with pytest.raises(TypeError):
        encode({"a": value})


def test_the_encoding_does_not_depend_on_the_order_of_names():
    assert encode({"b": 1, "a": 2}) == encode({"a": 2, "b": 1})


def test_a_value_that_json_does_not_know_raises_a_type_error_that_does_not_show_it():
    with pytest.raises(TypeError) as caught:
        seal_json({"secret": object()}, "row")
    assert "object" in str(caught.value)


def test_the_class_attribute_is_the_descriptor():
    assert isinstance(Row.owner, SealedJSON)


@pytest.mark.parametrize("value", ["\ud800", "a\x00b", {"\udfff": ["\x00"]}])
def test_text_without_utf8_and_text_that_no_column_takes_can_be_sealed(value):
    row = Row()
    row.owner = value
    assert row.owner == value
