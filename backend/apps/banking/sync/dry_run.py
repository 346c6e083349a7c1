"""What a sync would change, found by doing all of it but the commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection
from apps.banking.rows.merge import Counts
from apps.banking.sync.plan import plan_listing
from apps.banking.sync.products import collect
from apps.banking.sync.runs import Run
from apps.banking.sync.visit import Found


class Rehearsal(Run):
    """A run whose transactions are all rolled back. What hangs on a row that is new is not found: it has no parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.cause = connection, None
        self.counts: dict[str, Counts] = {}
        self.failures, self.refused = [], None

    @contextmanager
    def write(self) -> Iterator[None]:
        """As if."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


class OnLooker:
    """Stands for a batch where nobody works on the mailbox."""

    events = (None,)


def rehearse(connection: Connection) -> dict[str, dict[str, int]] | None:
    """Counts by product that a full listing would give; None when the item is gone. Raises what the client raises."""
    definition = aggregator(connection.aggregator)
    api: Any = definition.client()
    try:
        item = api.item(connection.vendor_id)
    except Gone:
        return None
    visit = Found(OnLooker(), api, connection, item, definition.classify(item), timezone.now())
    run = Rehearsal(connection)
    collect(visit, run, plan_listing(item, visit.verdict))
    if run.failures:
        raise run.failures[0]
    return {product: counts.as_dict() for product, counts in run.counts.items()}
