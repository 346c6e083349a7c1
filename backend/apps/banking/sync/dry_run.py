"""Count what a sync would change: do the whole sync, and roll every transaction back."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction
from django.db.models import QuerySet

from apps.banking.aggregators.contract import Gone, Page, Product
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection
from apps.banking.models.base import VendorRow
from apps.banking.rows.merge import Counts, Scope
from apps.banking.sync.plan import plan_listing
from apps.banking.sync.products import read_products
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.runs import Run, VendorRowT

# Other rows hang on these.
PARENTS = (Product.ACCOUNTS, Product.INVESTMENTS)


class DryRun(Run):
    """A run that rolls back all its transactions, so it remembers which accounts and investments it has written.

    Rows under a new row, or under one that returns, are not counted, because that row is never committed.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._merged: dict[str, set[str]] = {product: set() for product in PARENTS}
        self._removed: dict[str, set[str]] = {product: set() for product in PARENTS}

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, which ends with a rollback."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def merge(self, product: str, model: type[VendorRow], scope: Scope, page: Page) -> Counts:
        """Count a page's rows; an account or investment counts once, however often it is read."""
        if product in PARENTS:
            rows = [row for row in page.rows if row["vendor_id"] not in self._merged[product]]
            self._merged[product].update(page.seen)
            page = replace(page, rows=rows)
        return super().merge(product, model, scope, page)

    def remove(self, product: str, rows: QuerySet[VendorRow], vendor_ids: Iterable[str]) -> Counts:
        """Count the rows that would become tombstones."""
        ids = list(vendor_ids)
        if product in PARENTS:
            self._removed[product].update(ids)
        return super().remove(product, rows, ids)

    def live(self, product: str, rows: QuerySet[VendorRowT]) -> QuerySet[VendorRowT]:
        """The rows without tombstones, and without those that this run would make."""
        return super().live(product, rows).exclude(vendor_id__in=self._removed.get(product, ()))


def dry_run(connection: Connection) -> dict[str, dict[str, int]] | None:
    """The counts by product of a full listing; None if the item is gone. Raises the errors of the source."""
    application = aggregator(connection.aggregator).application(connection.application)
    source = application.open(connection.vendor_id, credential=connection.credential)
    try:
        state = source.item()
    except Gone:
        return None
    run = DryRun(connection)
    read_products(ItemReading(connection, run, source, state, plan_listing(state)))
    if run.failures:
        raise run.failures[0]
    return run.counts_by_product
