"""Rows under one parent made equal to what the aggregator lists under it, page by page, each page one transaction."""

from collections.abc import Callable, Iterable
from typing import Any

from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.rows.base import Mapper
from apps.banking.models.base import VendorRow
from apps.banking.rows.merge import Counts, merge
from apps.banking.rows.staging import BATCH, chunks
from apps.banking.rows.tombstones import tombstone
from apps.banking.sync.runs import Run

Doc = dict[str, Any]


def mirror(
    run: Run,
    product: str,
    model: type[VendorRow],
    scope: dict[str, Any],
    mapper: Mapper,
    pages: Iterable[list[Doc]],
    *,
    prune: bool,
    look: Callable[[str], Any] | None = None,
) -> None:
    """Merge all pages; then, with `prune`, tombstone what is in none of them and, when `look`ed for, is Gone."""
    missing = live_ids(model, scope) if prune else set()
    for page in pages:
        found = run.sift(mapper, page)
        missing.difference_update(found.seen)
        with run.write():
            run.count(product, merge(model, scope, found.rows))
    # Lists are read in pages while the aggregator may write: only what is gone by its own id, too, is gone.
    take_away(run, product, model, scope, confirmed(missing, look) if look else missing)


def live_ids(model: type[VendorRow], scope: dict[str, Any]) -> set[str]:
    """The vendor's ids of the rows we have, tombstones left out."""
    return set(model.objects.filter(**scope, deleted_at=None).values_list("vendor_id", flat=True).iterator(BATCH))


def confirmed(ids: Iterable[str], look: Callable[[str], Any]) -> list[str]:
    """Those of `ids` that are Gone, each asked for."""
    return [one for one in sorted(ids) if is_gone(look, one)]


def is_gone(look: Callable[[str], Any], vendor_id: str) -> bool:
    """Whether the aggregator says that there is no such thing."""
    try:
        look(vendor_id)
    except Gone:
        return True
    return False


def listed_again(pages: Callable[[], Iterable[list[Doc]]]) -> Callable[[str], None]:
    """A `look` for what has no address of its own: the list, read once more when first asked."""
    ids: set[str] = set()

    def look(vendor_id: str) -> None:
        if not ids:
            ids.update(["", *(str(doc.get("id")) for page in pages() for doc in page)])
        if vendor_id not in ids:
            raise Gone("in neither of two lists", code="NOT_LISTED")

    return look


def take_away(run: Run, product: str, model: type[VendorRow], scope: dict[str, Any], ids: Iterable[str]) -> None:
    """Tombstones, in transactions of a bounded size."""
    for some in chunks(sorted(ids)):
        with run.write():
            run.count(product, Counts(removed=tombstone(model.objects.filter(**scope), some)))


def bury(run: Run, product: str, model: type[VendorRow], scope: dict[str, Any]) -> None:
    """Tombstone all rows of a scope."""
    alive = model.objects.filter(**scope, deleted_at=None).order_by("pk")
    last = 0
    while some := dict(alive.filter(pk__gt=last).values_list("pk", "vendor_id")[:BATCH]):
        last = max(some)
        with run.write():
            removed = tombstone(model.objects.filter(pk__in=some.keys()), some.values())
            run.count(product, Counts(removed=removed))
