"""Instalments that only the text names are read, and days are not taken for instalments."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.cards.instalments import look, read_instalment


def pair(text: str) -> tuple[int, int] | None:
    found = read_instalment(text)
    return (found.number, found.total) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LOJA DO POVO 3/5", (3, 5)),
        ("LOJA DO POVO (3/5)", (3, 5)),
        ("Loja do Povo Parc 03/05", (3, 5)),
        ("LOJA DO POVO PARC.03/05", (3, 5)),
        ("Loja do Povo - Parcela 3/5", (3, 5)),
        ("LOJA DO POVO PARCELA 3 DE 5", (3, 5)),
        ("PARCELA 10/12 LOJA DO POVO", (10, 12)),
        ("Parcelado 1x12 Loja", (1, 12)),
        ("LOJA DO POVO 10/24", (10, 24)),
        ("MERCADO 12 3 de 5", (3, 5)),
        ("LOJA PARC 05/03", None),
        ("LOJA 1/1", None),
        ("LOJA 0/5", None),
        ("LOJA DO POVO 03/05", None),
        ("LOJA DO POVO 10/12", None),
        ("COMPRA EM 3/5", None),
        ("PGTO DIA 3/5", None),
        ("PAGAMENTO 3/5/26", None),
        ("PAGAMENTO 3/5/2026", None),
        ("LOJA 3/5 10:30", None),
        ("LOJA 3/5 SAO PAULO", None),
        ("3/5", None),
        ("24/7 CONVENIENCIA", None),
        ("PARCEIRA 3/5 LOJA", None),
        ("", None),
        ("PARCELA", None),
    ],
)
def test_the_text_names_an_instalment(text, expected):
    assert pair(text) == expected


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["%d/%m", "%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d"]))
def test_no_day_as_banks_write_it_is_an_instalment(day, form):
    written = day.strftime(form)
    for text in (f"LOJA {written}", f"{written} LOJA", f"LOJA {written} SP", f"COMPRA EM {written}", f"({written})"):
        assert read_instalment(text) is None


@given(st.integers(1, 99), st.integers(2, 99), st.sampled_from(["PARC {:02}/{:02}", "Parcela {} de {}", "parc. {}/{}"]))
def test_an_instalment_after_its_word_is_always_read(number, total, form):
    assert pair("LOJA " + form.format(number, total)) == ((number, total) if number <= total else None)


@given(st.integers(1, 48), st.integers(2, 48))
def test_all_instalments_of_a_purchase_look_the_same(number, total):
    number = min(number, total)
    assert (
        look(f"Loja Ação PARCELA {number} DE {total}") == look(f"LOJA ACAO PARC {number:02}/{total:02}") == "lojaacao"
    )


@given(st.text(max_size=500))
def test_no_text_breaks_the_reader(text):
    found = read_instalment(text)
    assert found is None or 1 <= found.number <= found.total <= 99
    assert isinstance(look(text), str)


@pytest.mark.parametrize("part", ["parc ", "1/", "1 de ", "parcela 1", "(", " ", "9", "parc\u00e9", "de de ", "\u0301"])
def test_a_hostile_text_takes_linear_time(part):
    text = (part * 100_000)[:100_000]
    began = time.perf_counter()
    read_instalment(text)
    assert time.perf_counter() - began < 1
