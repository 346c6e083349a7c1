"""Decide which movements are two sides of one: a transfer between own accounts, or the payment of a bill. No database.

Two rows may be one movement if their amounts are opposite, their accounts differ and their days are at most three
apart. Beside that, something must say what it is:

- Payment of a bill: the card's row is a payment, and the bank's row is one too, or a transfer, or a slip (boleto).
- Own transfer: both rows are transfers of bank accounts, and no document says that the other side is somebody else. If
  neither the bank's category nor a document says that it is the same person, each row must be the only one that fits.

The surest pairs come first, then the nearest days. The order of the rows makes no difference.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.banking.models import Kind

NEAR = timedelta(days=3)
# More rows of one amount than this, in days that touch, are not compared.
CROWD = 200

TRANSFERS = (Kind.TRANSFER, Kind.OWN_TRANSFER)
SURE, LIKELY, POSSIBLE = 0, 1, 2


@dataclass(frozen=True)
class Movement:
    """A row that may be one side of a pair. `is_own`: whether the other side is the same person's; None if unknown.

    `look` is what rows have in common that only their ids tell apart; `name` sorts them, and never changes.
    """

    id: int
    account_id: int
    is_card: bool
    date: date
    amount: Decimal
    currency_code: str
    kind: str
    name: str = ""
    is_own: bool | None = None

    @property
    def look(self) -> tuple[Hashable, ...]:
        """What makes rows alike, so that it is the same which of them is paired."""
        return (self.account_id, self.date, self.kind, self.is_own)


@dataclass(frozen=True)
class Match:
    """Two rows that are one movement."""

    outgoing: int
    incoming: int
    kind: Kind


@dataclass(frozen=True)
class _Edge:
    outgoing: Movement
    incoming: Movement
    kind: Kind
    doubt: int

    @property
    def order(self) -> tuple[Any, ...]:
        out, into = self.outgoing, self.incoming
        return (self.doubt, abs(out.date - into.date), out.date, into.date, out.name, into.name, out.id, into.id)


def match(movements: Iterable[Movement]) -> set[Match]:
    """The pairs among these rows; each row is in one at most."""
    found: set[Match] = set()
    for group in _neighbours(movements):
        found |= _match_group(group)
    return found


def _neighbours(movements: Iterable[Movement]) -> Iterator[list[Movement]]:
    """Rows of one amount whose days are near, in runs; rows of two runs never pair."""
    by_amount: dict[tuple[Decimal, str], list[Movement]] = defaultdict(list)
    for row in movements:
        by_amount[abs(row.amount), row.currency_code].append(row)
    for rows in by_amount.values():
        rows.sort(key=lambda row: row.date)
        begins = [
            0,
            *(n for n, (one, other) in enumerate(pairwise(rows), 1) if other.date - one.date > NEAR),
            len(rows),
        ]
        for begin, end in pairwise(begins):
            if 2 <= end - begin <= CROWD:
                yield rows[begin:end]


def _match_group(rows: list[Movement]) -> set[Match]:
    edges = [edge for out in rows if out.amount < 0 for into in rows if into.amount > 0 if (edge := _edge(out, into))]
    found, taken = _greedy([edge for edge in edges if edge.doubt < POSSIBLE], set())
    left = [e for e in edges if e.doubt == POSSIBLE and not {e.outgoing.id, e.incoming.id} & taken]
    clear, _ = _greedy(_clear(left), taken)
    return found | clear


def _greedy(edges: list[_Edge], taken: set[int]) -> tuple[set[Match], set[int]]:
    taken, found = set(taken), set()
    for edge in sorted(edges, key=lambda edge: edge.order):
        ids = {edge.outgoing.id, edge.incoming.id}
        if not ids & taken:
            taken |= ids
            found.add(Match(edge.outgoing.id, edge.incoming.id, edge.kind))
    return found, taken


def _clear(edges: list[_Edge]) -> list[_Edge]:
    """The edges whose rows fit no rows but each other and those that look like them."""
    looks: dict[int, set[tuple[Hashable, ...]]] = defaultdict(set)
    for edge in edges:
        looks[edge.outgoing.id].add(edge.incoming.look)
        looks[edge.incoming.id].add(edge.outgoing.look)
    return [edge for edge in edges if len(looks[edge.outgoing.id]) == len(looks[edge.incoming.id]) == 1]


def _edge(out: Movement, into: Movement) -> _Edge | None:
    near = abs(out.date - into.date) <= NEAR and out.account_id != into.account_id
    if not near or out.is_card or out.amount != -into.amount:
        return None
    judge: Callable[[Movement, Movement], tuple[Kind, int] | None] = _bill if into.is_card else _own
    judged = judge(out, into)
    return _Edge(out, into, *judged) if judged else None


def _bill(out: Movement, into: Movement) -> tuple[Kind, int] | None:
    # Who receives a bill's payment is the card's bank, so documents say nothing here.
    if into.kind != Kind.BILL_PAYMENT:
        return None
    return Kind.BILL_PAYMENT, SURE if out.kind == Kind.BILL_PAYMENT else LIKELY


def _own(out: Movement, into: Movement) -> tuple[Kind, int] | None:
    if out.kind not in TRANSFERS or into.kind not in TRANSFERS or False in (out.is_own, into.is_own):
        return None
    said = [row.kind == Kind.OWN_TRANSFER or row.is_own is True for row in (out, into)]
    return Kind.OWN_TRANSFER, SURE if all(said) else LIKELY if any(said) else POSSIBLE
