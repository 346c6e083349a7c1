"""Decide which new row replaces which lost one, after the vendor gave transactions new ids. No database here.

1. Both have the same `provider_id`, and no other row has it.
2. Both look the same: day, amount, currency and words. The n-th lost row pairs with the n-th new one.
3. One thing changed, and one row was lost within a day of the other's creation: either the day moved by at most three
   days, with similar words, or the amount changed, but not its sign. A row must be the only one that fits, from both
   sides. A row that an earlier step paired still counts, because the vendor then renamed several alike rows at once.

Rows that fit several others stay unpaired: a person decides. More than CROWD alike rows are not compared in step 3.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import product

NEAR = timedelta(days=3)
TOGETHER = timedelta(days=1)
CROWD = 100

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Candidate:
    """A lost or a new row. `moment` is when Ponte tombstoned a lost row, or created a new one.

    `is_taken`: the row already replaces another one.
    """

    id: int
    date: date
    amount: Decimal
    currency_code: str
    description: str
    provider_id: str
    created_at: datetime
    moment: datetime
    order: int | None = None
    is_edited: bool = False
    is_taken: bool = False

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the description, without case, accents and punctuation."""
        return frozenset(self._runs)

    @cached_property
    def letters(self) -> str:
        """The description without case, accents, punctuation and spaces."""
        return "".join(self._runs)

    @cached_property
    def _runs(self) -> list[str]:
        plain = "".join(c for c in unicodedata.normalize("NFKD", self.description) if not unicodedata.combining(c))
        return _WORD.findall(plain.casefold())

    @property
    def look(self) -> tuple[Hashable, ...]:
        """What rows that look the same have in common."""
        return (self.date, self.amount, self.currency_code, self.letters)


def similar(one: Candidate, other: Candidate) -> bool:
    """Whether the letters are the same, or more than half of the words of the shorter description are in the other."""
    shared = len(one.words & other.words)
    return one.letters == other.letters or 2 * shared > min(len(one.words), len(other.words))


def pair(lost: Iterable[Candidate], new: Iterable[Candidate]) -> dict[int, int]:
    """The ids of new rows by the ids of the lost rows that they replace, for edited lost rows and their like.

    The lists must have every row that fits an edited lost row, and every lost row that fits one of those.
    """
    lost, new = list(lost), list(new)
    pairs = _by_provider(lost, new)
    taken = {row.id for row in new if row.is_taken} | set(pairs.values())
    pairs |= _by_look([row for row in lost if row.id not in pairs], [row for row in new if row.id not in taken])
    taken |= set(pairs.values())
    for old, fitting in only_ones(lost, new).items():
        if old not in pairs and fitting not in taken:
            pairs[old] = fitting
    return pairs


def only_ones(lost: list[Candidate], new: list[Candidate]) -> dict[int, int]:
    """Step 3: each edited lost row and the one new row that fits it, if the new row fits no other lost row."""
    fits, crowded = fitting(lost, new)
    of_new: dict[int, set[int]] = defaultdict(set)
    for old, ids in fits.items():
        for new_id in ids:
            of_new[new_id].add(old)
    edited = {row.id for row in lost if row.is_edited} - crowded
    single = {old: next(iter(ids)) for old, ids in fits.items() if old in edited and len(ids) == 1}
    return {old: new_id for old, new_id in single.items() if len(of_new[new_id]) == 1 and new_id not in crowded}


def fitting(lost: Iterable[Candidate], new: Iterable[Candidate]) -> tuple[dict[int, set[int]], set[int]]:
    """The new rows that fit each lost one by the rule of step 3, and the rows in crowds. Linear, because of CROWD."""
    fits: dict[int, set[int]] = defaultdict(set)
    crowded: set[int] = set()
    keys: list[Callable[[Candidate], tuple[Hashable, ...]]] = [
        lambda row: (row.amount, row.currency_code),
        lambda row: (row.date, row.currency_code, row.letters),
    ]
    for key in keys:
        for olds, news in _groups(lost, new, key):
            if max(len(olds), len(news)) > CROWD:
                crowded.update(row.id for row in (*olds, *news))
                continue
            for old, fresh in product(olds, news):
                if _fits(old, fresh):
                    fits[old.id].add(fresh.id)
    return fits, crowded


def _fits(old: Candidate, fresh: Candidate) -> bool:
    if fresh.created_at <= old.created_at or abs(fresh.moment - old.moment) > TOGETHER:
        return False
    if old.amount == fresh.amount and abs(old.date - fresh.date) <= NEAR:
        return similar(old, fresh)
    # A refund has the words and the day of its purchase, but the other sign.
    return old.date == fresh.date and old.letters == fresh.letters and (old.amount < 0) == (fresh.amount < 0)


def _by_provider(lost: list[Candidate], new: list[Candidate]) -> dict[int, int]:
    groups = _groups(lost, new, lambda row: (row.provider_id,))
    return {
        olds[0].id: news[0].id
        for olds, news in groups
        if len(olds) == len(news) == 1 and olds[0].provider_id and not news[0].is_taken
        if olds[0].is_edited and news[0].created_at > olds[0].created_at
    }


def _by_look(lost: list[Candidate], new: list[Candidate]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    for olds, news in _groups(lost, new, lambda row: row.look):
        # A row that existed before its match was created is a second purchase, not a replacement.
        first = min(row.created_at for row in olds)
        later = [row for row in news if row.created_at > first]
        if any(row.is_edited for row in olds):
            pairs |= {
                old.id: fresh.id
                for old, fresh in zip(sorted(olds, key=_place), sorted(later, key=_place), strict=False)
            }
    return pairs


def _place(row: Candidate) -> tuple[bool, int, int]:
    return (row.order is None, row.order or 0, row.id)


def _groups(
    lost: Iterable[Candidate], new: Iterable[Candidate], key: Callable[[Candidate], tuple[Hashable, ...]]
) -> list[tuple[list[Candidate], list[Candidate]]]:
    """The lost and the new rows with the same key, where there are both."""
    groups: dict[tuple[Hashable, ...], tuple[list[Candidate], list[Candidate]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((lost, new)):
        for row in rows:
            groups[key(row)][side].append(row)
    return [group for group in groups.values() if all(group)]
