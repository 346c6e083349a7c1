"""The handlers of an item's events: store the item's status, and read the data of its last run."""

from django.utils import timezone

from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.banking.sync.plan import Plan, plan_sync
from apps.banking.sync.products import read_products
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import FENCED_COLUMNS, store_status
from apps.banking.sync.visit import PresentItem, item_handler
from apps.events.models import Event
from lib.errors import Temporary, Unexpected


def note_status(visit: PresentItem) -> str:
    """Store the item's status and read no data."""
    with visit.batch.finish("noted"):
        store_status(visit)
    return "noted"


def sync(visit: PresentItem) -> str:
    """Store the item's status and read the data of its last run, if there is any. The first sync reads everything."""
    if not visit.state.verdict.has_data or not uncovered_events(visit.connection, visit.batch.events):
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
    reading = ItemReading(visit.source, visit.connection, run, visit.state, plan)
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
    with run.finish(outcome):
        if connection.last_synced_at is None and visit.state.verdict.has_data:
            announce("connection.connected", connection, cause=run.cause)
        connection.last_synced_at = timezone.now()
        # A product that failed for good (one that our plan does not include) would fail in the next listing too.
        if plan.complete:
            connection.listed_at, connection.listed_as_of = visit.began, visit.state.as_of
        connection.save(update_fields=FENCED_COLUMNS)
    return outcome


item_changed = item_handler(sync, gone=retire)
item_status_changed = item_handler(note_status, gone=retire)
