"""Rows under one parent made equal to what the aggregator lists under it, page by page, each page one transaction."""

from collections.abc import Iterable

from apps.banking.aggregators.contract import Product
from apps.banking.models.base import VendorRow
from apps.banking.rows.merge import Scope
from apps.banking.rows.staging import BATCH, chunks
from apps.banking.sync.reading import Reading
from apps.banking.sync.runs import Run


def read_list(
    reading: Reading,
    product: Product,
    model: type[VendorRow],
    scope: Scope,
    *,
    parent: str = "",
    prune: bool,
) -> None:
    """Merge the list; then, with `prune`, tombstone what is not in it and, asked for by its id, is gone."""
    run, source = reading.run, reading.source
    missing = live_ids(model, scope) if prune else set()
    for page in source.listed(product, parent):
        missing.difference_update(page.seen)
        with run.write():
            run.merge(product, model, scope, page)
    # Lists are read in pages while the aggregator may write: only what is gone by its own id, too, is gone.
    gone = [vendor_id for vendor_id in sorted(missing) if source.is_gone(product, vendor_id, parent)]
    tombstone_ids(run, product, model, scope, gone)


def live_ids(model: type[VendorRow], scope: Scope) -> set[str]:
    """The vendor's ids of the rows we have, tombstones left out."""
    alive = model._default_manager.filter(**scope, deleted_at=None)
    return set(alive.values_list("vendor_id", flat=True).iterator(BATCH))


def tombstone_ids(run: Run, product: str, model: type[VendorRow], scope: Scope, ids: Iterable[str]) -> None:
    """Tombstones, in transactions of a bounded size."""
    for some in chunks(sorted(ids)):
        with run.write():
            run.remove(product, model._default_manager.filter(**scope), some)


def tombstone_all(run: Run, product: str, model: type[VendorRow], scope: Scope) -> None:
    """Tombstone all rows of a scope, in transactions of a bounded size."""
    alive = model._default_manager.filter(**scope, deleted_at=None).order_by("pk")
    last = 0
    while some := dict(alive.filter(pk__gt=last).values_list("pk", "vendor_id")[:BATCH]):
        last = max(some)
        with run.write():
            run.remove(product, model._default_manager.filter(pk__in=some.keys()), some.values())
