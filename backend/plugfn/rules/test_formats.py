"""Amounts are written as the locale does, with the currency's number of digits."""

from decimal import Decimal
from typing import Any

import pytest

from plugfn.rules.formats import Style, money

ENGLISH, BRAZILIAN = Style("en"), Style("pt-BR")


@pytest.mark.parametrize(
    ("value", "currency", "english", "brazilian"),
    [
        (1234.5, "BRL", "R$1,234.50", "R$\u00a01.234,50"),
        (1234.5, "USD", "US$1,234.50", "US$\u00a01.234,50"),
        ("-1234.5", "EUR", "-€1,234.50", "-€\u00a01.234,50"),
        (7, "GBP", "£7.00", "£\u00a07,00"),
        (Decimal("0.125"), "CAD", "CAD\u00a00.13", "CAD\u00a00,13"),
        ("-1234.5", "PYG", "-PYG\u00a01,235", "-PYG\u00a01.235"),
        ("1.5", "KWD", "KWD\u00a01.500", "KWD\u00a01,500"),
        ("-0.001", "BRL", "R$0.00", "R$\u00a00,00"),
        ("999999999999999.99", "BRL", "R$999,999,999,999,999.99", "R$\u00a0999.999.999.999.999,99"),
    ],
)
def test_an_amount_is_written_as_its_locale_does(value: Any, currency: str, english: str, brazilian: str) -> None:
    assert money(value, currency, ENGLISH) == english
    assert money(value, currency, BRAZILIAN) == brazilian
