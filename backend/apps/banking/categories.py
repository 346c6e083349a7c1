"""The tree of categories, read once for a page: names in the person's language, branches, and the tops."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import get_language

from apps.banking.models import Category, Transaction

# Deeper trees do not exist; a circle in the vendor's data must not hang a page.
_DEPTH = 10


@dataclass(frozen=True)
class Categories:
    """All categories of one or more aggregators. There are about 130 of each."""

    rows: tuple[Category, ...]
    portuguese: bool

    @classmethod
    def read(cls) -> "Categories":
        """All categories that still exist, by one query."""
        rows = Category.objects.live().defer("digest", "extra_sealed").order_by("vendor_id")
        return cls(tuple(rows), (get_language() or "").startswith("pt"))

    @cached_property
    def by_id(self) -> dict[str, Category]:
        """The categories by the vendor's id."""
        return {row.vendor_id: row for row in self.rows}

    @cached_property
    def by_pk(self) -> dict[int, Category]:
        """The categories by our number."""
        return {row.pk: row for row in self.rows}

    @cached_property
    def _by_parent(self) -> dict[str, list[Category]]:
        children: dict[str, list[Category]] = {}
        for row in self.rows:
            children.setdefault(row.parent_id, []).append(row)
        return children

    def label(self, category: Category) -> str:
        """The name in the person's language."""
        translated = category.description_translated if self.portuguese else ""
        return translated or category.description or category.vendor_id

    def name_of(self, row: Transaction) -> str:
        """The name of a transaction's category: the person's choice, else the bank's; empty if it has none."""
        own = self.by_pk.get(row.user_category_id or 0)
        return self.label(own) if own else self.name_of_bank(row)

    def name_of_bank(self, row: Transaction) -> str:
        """The name of the category that the bank or the aggregator chose."""
        given = self.by_id.get(row.category_id)
        return self.label(given) if given else row.category

    def top(self, vendor_id: str) -> str:
        """The id of the top of the tree above a category; the id itself if it is unknown."""
        for _ in range(_DEPTH):
            row = self.by_id.get(vendor_id)
            if row is None or not row.parent_id or row.parent_id == vendor_id:
                break
            vendor_id = row.parent_id
        return vendor_id

    def branch(self, vendor_id: str) -> list[Category]:
        """A category and all below it; empty for an unknown one."""
        row = self.by_id.get(vendor_id)
        found, level = [], [row] if row else []
        for _ in range(_DEPTH):
            found += level
            level = [child for parent in level for child in self._by_parent.get(parent.vendor_id, ())]
        return found

    def choices(self) -> list[tuple[str, str]]:
        """(vendor id, name) for a list to choose from: each top with what is below it, indented."""
        return list(self._indented(self._by_parent.get("", ()), 0))

    def _indented(self, rows: Iterable[Category], depth: int) -> Iterable[tuple[str, str]]:
        for row in sorted(rows, key=self.label):
            yield row.vendor_id, "\u2003" * depth + self.label(row)
            if depth < _DEPTH:
                yield from self._indented(self._by_parent.get(row.vendor_id, ()), depth + 1)
