"""Prove a closed bill: the bank's total beside the sum of its lines, and what may explain the difference.

Total = lines + finance charges that are no lines + what the bill before left unpaid. Each part that the bank's data
name is a candidate, and the smallest set of them that comes nearest to the difference explains it. The rest stays
unexplained: no number is made up. No database here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

CENT = Decimal("0.01")


class Cause(StrEnum):
    """What a part of a difference is."""

    CHARGES = "charges"
    CARRIED = "carried"
    PAID = "paid"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Part:
    """A part of the difference, and its amount: positive if it makes the bank's total larger than the lines."""

    cause: Cause
    amount: Decimal


@dataclass(frozen=True)
class Proof:
    """The bank's total, the sum of the lines, and the difference with what explains it."""

    total: Decimal
    lines: Decimal
    parts: tuple[Part, ...] = ()
    # Lines in a foreign currency without an amount in the card's: how much they are is not known.
    unconverted: int = 0
    difference: Decimal = field(init=False)
    unexplained: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "difference", self.total - self.lines)
        left = self.difference - sum((part.amount for part in self.parts), Decimal(0))
        object.__setattr__(self, "unexplained", left)

    @property
    def is_exact(self) -> bool:
        """Whether the lines alone add up to the bank's total."""
        return abs(self.difference) < CENT

    @property
    def is_explained(self) -> bool:
        """Whether the lines and the parts that the bank names add up to its total."""
        return abs(self.unexplained) < CENT


def prove(total: Decimal, lines: Decimal, candidates: Iterable[Part], unconverted: int = 0) -> Proof:
    """The proof with the parts that come nearest to the difference; the fewest of them where several do."""
    offered = [part for part in candidates if part.amount]
    sets = [chosen for size in range(len(offered) + 1) for chosen in combinations(offered, size)]

    def left(chosen: tuple[Part, ...]) -> tuple[Decimal, int]:
        rest = abs(total - lines - sum((part.amount for part in chosen), Decimal(0)))
        return (rest if rest >= CENT else Decimal(0), len(chosen))

    return Proof(total, lines, min(sets, key=left), unconverted)
