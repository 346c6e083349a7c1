"""Count what a sync would change: do the whole sync, and roll every transaction back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from apps.banking.aggregators.contract import Gone
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection
from apps.banking.sync.plan import plan_listing
from apps.banking.sync.products import read_products
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.runs import Run


class DryRun(Run):
    """A run that rolls back all its transactions. Rows under a new row are not counted, because it has no key yet."""

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, which ends with a rollback."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


def dry_run(connection: Connection) -> dict[str, dict[str, int]] | None:
    """The counts by product of a full listing; None if the item is gone. Raises the errors of the source."""
    application = aggregator(connection.aggregator).application(connection.application)
    source = application.open(connection.vendor_id, credential=connection.credential)
    try:
        state = source.item()
    except Gone:
        return None
    run = DryRun(connection)
    read_products(ItemReading(source, connection, run, state, plan_listing(state)))
    if run.failures:
        raise run.failures[0]
    return run.counts_by_product
