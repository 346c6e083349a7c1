"""Numbers, money and times, as people in Brazil and in English read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from lib.pages import display

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "portuguese", "english"),
    [
        ("-1234.56", "BRL", "−R$ 1.234,56", "−R$1,234.56"),
        ("0", "BRL", "R$ 0,00", "R$0.00"),
        ("12", "USD", "US$ 12,00", "US$ 12.00"),
        ("-0.001", "EUR", "−€ 0,001", "−€0.001"),
        ("1500", "JPY", "¥ 1.500", "¥1,500"),
        ("1E+3", "CHF", "CHF 1.000,00", "CHF 1,000.00"),
        ("12345678901234567890.12345678", "BRL", "R$ 12.345.678.901.234.567.890,12345678", None),
        ("7.5", "XXX", "7,50", "7.50"),
    ],
)
def test_an_amount_stands_as_the_reader_writes_it(amount, currency, portuguese, english):
    with translation.override("pt-br"):
        assert display.money(Decimal(amount), currency).replace(display.NO_BREAK, " ") == portuguese
    if english:
        with translation.override("en"):
            assert display.money(Decimal(amount), currency).replace(display.NO_BREAK, " ") == english


def test_no_amount_is_no_zero():
    assert display.money(None) == ""


def test_income_has_a_plus_where_signs_are_asked_for():
    with translation.override("pt-br"):
        assert display.money(Decimal(5), signed=True).startswith("+R$")
        assert display.money(Decimal(0), signed=True).startswith("R$")


@pytest.mark.parametrize(
    ("number", "text"), [("1.500000", "1,5"), ("1000.00", "1.000"), ("-0.25", "−0,25"), ("0E-8", "0")]
)
def test_a_quantity_has_no_zeros_at_its_end(number, text):
    with translation.override("pt-br"):
        assert display.quantity(Decimal(number)) == text


@pytest.mark.parametrize(
    ("value", "portuguese", "english"),
    [
        (date(2026, 11, 22), "hoje", "today"),
        (date(2026, 11, 21), "ontem", "yesterday"),
        (date(2026, 11, 23), "amanhã", "tomorrow"),
        (date(2026, 5, 3), "3 de maio", "May 3"),
        (date(2025, 12, 31), "31 de dezembro de 2025", "Dec. 31, 2025"),
    ],
)
def test_a_day_is_said_as_people_say_it(value, portuguese, english):
    with translation.override("pt-br"):
        assert display.day(value, today=date(2026, 11, 22)) == portuguese
    with translation.override("en"):
        assert display.day(value, today=date(2026, 11, 22)) == english


def test_a_moment_is_that_of_the_readers_zone():
    # 02:30 UTC is the evening before in São Paulo.
    moment = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    with translation.override("pt-br"):
        assert display.moment(moment, today=date(2026, 11, 22)) == "ontem 23:30"
    assert display.exact(moment) == "2026-11-21 23:30:00 -03"


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(seconds=20), "agora mesmo"),
        (timedelta(minutes=1), "há 1 minuto"),
        (timedelta(minutes=59, seconds=59), "há 59 minutos"),
        (timedelta(hours=3), "há 3 horas"),
        (timedelta(hours=47), "há 47 horas"),
        (timedelta(days=2), "há 2 dias"),
        (timedelta(days=70), "há 2 meses"),
        (timedelta(days=800), "há 2 anos"),
        (-timedelta(hours=20), "em 20 horas"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(gap, text):
    with translation.override("pt-br"):
        assert display.ago(NOW - gap, now=NOW) == text
