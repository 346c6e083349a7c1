"""What a sync would change, found by doing all of it but the commits."""

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
    """A run whose transactions are all rolled back. Rows under a row that is new are not counted: it has no key yet."""

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction that is rolled back."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


def dry_run(connection: Connection) -> dict[str, dict[str, int]] | None:
    """Counts by product that a full listing would give; None when the item is gone. Raises what the source raises."""
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
    return run.numbers
