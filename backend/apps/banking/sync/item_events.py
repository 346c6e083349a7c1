"""What to do when something happened to an item: look at it, note how it stands, and read what it brought."""

from django.utils import timezone

from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.banking.sync.plan import Plan, plan_sync
from apps.banking.sync.products import read_products
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import FENCED, take_note
from apps.banking.sync.visit import Found, on_item
from apps.events.models import Event
from lib.errors import Temporary, Unexpected


def note(visit: Found) -> str:
    """Only how the item stands."""
    with visit.batch.finish("noted"):
        take_note(visit)
    return "noted"


def sync(visit: Found) -> str:
    """How the item stands and, if its last run brought any, its data. The first time that is everything."""
    if not visit.state.verdict.has_data or not uncovered(visit.connection, visit.batch.events):
        return note(visit)
    return carry_out(visit, plan_sync(visit.state, full=visit.connection.listed_at is None))


def uncovered(connection: Connection, events: list[Event]) -> list[Event]:
    """Those of `events` that may tell of something new: all that came after our last complete listing began.

    What the aggregator told of before, it had; and all that it had is here.
    """
    return [event for event in events if connection.listed_at is None or event.received_at > connection.listed_at]


def carry_out(visit: Found, plan: Plan) -> str:
    """Read what `plan` says into our rows. Raises what a later try may mend; what was read until then stays."""
    run = RecordedRun(visit.batch, visit.connection)
    reading = ItemReading(visit.source, visit.connection, run, visit.state, plan)
    with run.recorded():
        with run.write():
            take_note(visit)
        read_products(reading)
        for error in run.failures:
            if isinstance(error, Temporary | Unexpected):
                raise error
        return _finish(visit, run, plan)


def _finish(visit: Found, run: RecordedRun, plan: Plan) -> str:
    connection = visit.connection
    outcome = "synced" if run.has_changes else "nothing new"
    with run.finish(outcome):
        if connection.last_synced_at is None and visit.state.verdict.has_data:
            announce("connection.connected", connection, cause=run.cause)
        connection.last_synced_at = timezone.now()
        # Products that failed for good (not in our contract, for one) would fail in the next listing, too.
        if plan.complete:
            connection.listed_at, connection.listed_as_of = visit.began, visit.state.as_of
        connection.save(update_fields=FENCED)
    return outcome


item_changed = on_item(sync, gone=retire)
item_status_changed = on_item(note, gone=retire)
