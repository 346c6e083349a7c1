"""A bill is proved by what the bank's data name, and nothing is made up for the rest."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.banking.cards.proof import Cause, Part, prove


def causes(total: str, lines: str, **parts: str) -> tuple[list[str], Decimal]:
    proof = prove(Decimal(total), Decimal(lines), [Part(Cause(name), Decimal(value)) for name, value in parts.items()])
    return [str(part.cause) for part in proof.parts], proof.unexplained


def test_lines_that_add_up_need_no_explanation():
    proof = prove(Decimal("100.00"), Decimal("100.00"), [Part(Cause.CHARGES, Decimal(5))])
    assert (proof.is_exact, proof.is_explained, proof.parts, proof.difference) == (True, True, (), 0)


def test_the_parts_that_fit_explain_the_difference():
    assert causes("105", "100", charges="5", carried="300") == (["charges"], 0)
    assert causes("405", "100", charges="5", carried="300") == (["charges", "carried"], 0)
    assert causes("70", "100", paid="-30", unconfirmed="-10") == (["paid"], 0)


def test_what_no_part_explains_stays():
    assert causes("107", "100", charges="5") == (["charges"], Decimal(2))
    assert causes("101", "100", carried="300") == ([], Decimal(1))
    proof = prove(Decimal(107), Decimal(100), [])
    assert not proof.is_exact
    assert not proof.is_explained


amounts = st.decimals(-1000, 1000, places=2)


@given(amounts, amounts, st.lists(amounts, max_size=4))
def test_the_figures_always_add_up(total, lines, parts):
    proof = prove(total, lines, [Part(cause, value) for cause, value in zip(Cause, parts, strict=False)])
    assert proof.lines + sum(part.amount for part in proof.parts) + proof.unexplained == proof.total
    assert abs(proof.unexplained) <= abs(proof.difference)
