"""Make our rows under one parent equal to the aggregator's list, with one transaction for each page."""

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
    """Merge the list. With `prune`, then tombstone each row that is not in it and that `is_gone` confirms as gone."""
    run, source = reading.run, reading.source
    missing = live_ids(model, scope) if prune else set()
    for page in source.listed(product, parent):
        missing.difference_update(page.seen)
        with run.write():
            run.merge(product, model, scope, page)
    # A row can slip between two pages while the aggregator writes, so each missing row is looked up by its id.
    gone = [vendor_id for vendor_id in sorted(missing) if source.is_gone(product, vendor_id, parent)]
    tombstone_ids(run, product, model, scope, gone)


def live_ids(model: type[VendorRow], scope: Scope) -> set[str]:
    """The vendor's ids of our rows in a scope, without tombstones."""
    live = model._default_manager.filter(**scope, deleted_at=None)
    return set(live.values_list("vendor_id", flat=True).iterator(BATCH))


def tombstone_ids(run: Run, product: str, model: type[VendorRow], scope: Scope, ids: Iterable[str]) -> None:
    """Tombstone the rows with these ids, in transactions of a bounded size."""
    for chunk in chunks(sorted(ids)):
        with run.write():
            run.remove(product, model._default_manager.filter(**scope), chunk)


def tombstone_all(run: Run, product: str, model: type[VendorRow], scope: Scope) -> None:
    """Tombstone all rows of a scope, in transactions of a bounded size."""
    live = model._default_manager.filter(**scope, deleted_at=None).order_by("pk")
    last = 0
    while chunk := dict(live.filter(pk__gt=last).values_list("pk", "vendor_id")[:BATCH]):
        last = max(chunk)
        with run.write():
            run.remove(product, model._default_manager.filter(pk__in=chunk.keys()), chunk.values())
