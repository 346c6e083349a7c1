"""Compare every connection with the aggregator, periodically, to find what no webhook reported.

A request is an event in the item's own mailbox, so it waits behind the item's webhooks. A comparison costs one call if
the bank has sent nothing since our last complete listing. At least once a day Ponte lists everything anyway.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.banking.aggregators.verdict import Action, Health
from apps.banking.models import Connection
from apps.banking.sync.item_events import note_status, run_plan
from apps.banking.sync.plan import plan_listing
from apps.banking.sync.retire import retire
from apps.banking.sync.visit import PresentItem, item_handler
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch
from lib.row_security import for_system

KIND = "connection.reconcile"

COMPARED_EVERY = timedelta(hours=1)
LISTED_EVERY = timedelta(days=1)
# A connection whose item is gone is compared a few more times.
GONE_CHECKED_EVERY = timedelta(days=1)
GONE_CHECKED_FOR = timedelta(days=4)
# At most this many requests are pending. More than the rate budget allows would only wait in the mailboxes.
PENDING_LIMIT = 300


@for_system("reconcile")
def request_due() -> int:
    """Request a comparison for the due connections, longest wait first. Returns how many connections were due."""
    pending = Event.objects.filter(kind=KIND, state=Event.State.PENDING)[:PENDING_LIMIT].count()
    due = Connection.objects.filter(_is_due(timezone.now())).order_by(
        F("last_reconciled_at").asc(nulls_first=True), "pk"
    )
    with transaction.atomic():
        return _request_all(due.select_for_update(skip_locked=True, no_key=True)[: PENDING_LIMIT - pending])


def _is_due(now: datetime) -> Q:
    live = Q(last_reconciled_at=None) | Q(last_reconciled_at__lte=now - COMPARED_EVERY)
    # With wrong credentials, the aggregator reports every item as gone.
    gone = Q(last_reconciled_at__lte=now - GONE_CHECKED_EVERY, deleted_at__gt=now - GONE_CHECKED_FOR)
    return Q(paused_at=None) & (Q(live, deleted_at=None) | gone)


def request(connection: Connection, *, full: bool = False) -> None:
    """Request a comparison of one connection. With `full`, list everything even if nothing seems to have changed."""
    with transaction.atomic():
        _emit(connection, full)
        Connection.objects.filter(pk=connection.pk).update(last_reconciled_at=timezone.now())


def request_new(mailbox: str, client: UUID | None = None) -> None:
    """Request a comparison of an item that has no connection yet."""
    with transaction.atomic():
        emit(KIND, mailbox=mailbox, client=client, payload={"full": True})


def _request_all(due: QuerySet[Connection]) -> int:
    connections = list(due)
    mailboxes = [connection.mailbox for connection in connections]
    # The mailbox retries a request that failed or waits, so a second one would add nothing.
    pending = Event.objects.filter(kind=KIND, state=Event.State.PENDING, mailbox__in=mailboxes)
    requested = set(pending.values_list("mailbox", flat=True))
    for connection in connections:
        if connection.mailbox not in requested:
            _emit(connection, full=False)
    primary_keys = [connection.pk for connection in connections]
    Connection.objects.filter(pk__in=primary_keys).update(last_reconciled_at=timezone.now())
    return len(connections)


def _emit(connection: Connection, full: bool) -> None:
    emit(
        KIND,
        mailbox=connection.mailbox,
        client=connection.client_id,
        payload={"connection": connection.pk, "full": full},
    )


def reconcile(batch: Batch) -> str:
    """The handler of KIND: compare the item with our connection, and list everything if the bank has new data."""
    full = any(event.data.get("full") is True for event in batch.events)
    return item_handler(lambda visit: _compare(visit, full), gone=retire)(batch)


def _compare(visit: PresentItem, full: bool) -> str:
    if visit.state.verdict.health is Health.IN_PROGRESS and visit.state.verdict.action is Action.NONE:
        # The aggregator sends a webhook when this run ends. If that is lost too, the next comparison finds the data.
        return note_status(visit)
    if full or needs_listing(visit):
        return run_plan(visit, plan_listing(visit.state))
    return note_status(visit)


def needs_listing(visit: PresentItem) -> bool:
    """Whether the bank has delivered data since our last complete listing, or that listing is a day old."""
    connection = visit.connection
    if connection.listed_at is None:
        return visit.state.verdict.has_data or visit.state.as_of is not None
    return visit.state.as_of != connection.listed_as_of or timezone.now() - connection.listed_at >= LISTED_EVERY
