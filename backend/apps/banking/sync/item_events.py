"""The handlers of an item's events: store the item's status, and read the data of its last run."""

from django.utils import timezone

from apps.banking.aggregators.contract import Product
from apps.banking.aggregators.verdict import Health
from apps.banking.announce import announce
from apps.banking.cards.pairs import pair_movements
from apps.banking.models import Connection
from apps.banking.sync.plan import Plan, plan_sync
from apps.banking.sync.products import read_products
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import FENCED_COLUMNS, store_status
from apps.banking.sync.visit import PresentItem, item_handler
from apps.events.emit import emit
from apps.events.models import Event
from lib.errors import Temporary, Unexpected

# Aggregators report it, and Ponte emits it where it finds out by itself that there is something to read.
KIND = "item.changed"


def note_status(visit: PresentItem) -> str:
    """Store the item's status and read no data. Data that Ponte never read is left to an event of its own."""
    with visit.batch.finish("noted"):
        store_status(visit)
        if has_unread_data(visit):
            request_sync(visit.connection, cause=visit.batch.events[0])
    return "noted"


def request_sync(connection: Connection, *, cause: Event | None = None) -> None:
    """Emit the event that makes a worker visit the item and read its data. Call inside a transaction."""
    payload = {"connection": connection.pk}
    emit(KIND, mailbox=connection.mailbox, client=connection.client_id, payload=payload, caused_by=cause)


def has_unread_data(visit: PresentItem) -> bool:
    """Whether Ponte never listed this item although its bank has delivered data: its last run may have failed."""
    state = visit.state
    is_idle = state.verdict.health is not Health.IN_PROGRESS
    return is_idle and visit.connection.listed_at is None and state.as_of is not None and bool(state.brought)


def sync(visit: PresentItem) -> str:
    """Store the item's status and read the data of its last run, if there is any. The first sync reads everything."""
    has_data = visit.state.verdict.has_data or has_unread_data(visit)
    if not has_data or not uncovered_events(visit.connection, visit.batch.events):
        return note_status(visit)
    return run_plan(visit, plan_sync(visit.state, full=visit.connection.listed_at is None))


def uncovered_events(connection: Connection, events: list[Event]) -> list[Event]:
    """The events that may bring something new: those that arrived after our last complete listing began.

    The listing covers the earlier events: when an event arrives, the aggregator already has the data it is about.
    """
    return [event for event in events if connection.listed_at is None or event.received_at > connection.listed_at]


def run_plan(visit: PresentItem, plan: Plan) -> str:
    """Read the products of `plan` into our rows. Raises errors that a retry may fix; the rows read before stay."""
    run = RecordedRun(visit.batch, visit.connection)
    reading = ItemReading(visit.connection, run, visit.source, visit.state, plan)
    with run.recorded():
        with run.write():
            store_status(visit)
        read_products(reading)
        for error in run.failures:
            if isinstance(error, Temporary | Unexpected):
                raise error
        return _finish(visit, run, plan)


def _finish(visit: PresentItem, run: RecordedRun, plan: Plan) -> str:
    connection = visit.connection
    outcome = "synced" if run.has_changes else "nothing new"
    pair_rows(run, everything=plan.complete)
    with run.finish(outcome):
        if connection.last_synced_at is None and visit.state.verdict.has_data:
            announce("connection.connected", connection, cause=run.cause)
        connection.last_synced_at = timezone.now()
        # A product that failed for good (one that our plan does not include) would fail in the next listing too.
        if plan.complete:
            connection.listed_at, connection.listed_as_of = visit.began, visit.state.as_of
        connection.save(update_fields=FENCED_COLUMNS)
    return outcome


def pair_rows(run: RecordedRun, *, everything: bool = False) -> None:
    """Pair the transfers among the rows that the run has written. They are visible already, because this may take long.

    `everything`: also those of earlier runs, which may have stopped before this step.
    """
    if everything or run.counts.get(Product.TRANSACTIONS):
        with run.write():
            pair_movements(run.connection.client_id, None if everything else run.since)


item_changed = item_handler(sync, gone=retire)
item_status_changed = item_handler(note_status, gone=retire)
