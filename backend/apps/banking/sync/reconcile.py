"""Finding what no webhook told of: every connection is compared with the aggregator, again and again.

Asking is an event in the item's own mailbox, so that it waits its turn behind the item's webhooks. Comparing costs one
call when nothing moved since our last complete listing, and at least once a day the listing is made anyway.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.banking.aggregators.verdict import Action, Health
from apps.banking.models import Connection
from apps.banking.sync.item_events import carry_out, note
from apps.banking.sync.plan import plan_listing
from apps.banking.sync.retire import retire
from apps.banking.sync.visit import Found, on_item
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch

KIND = "connection.reconcile"

EVERY = timedelta(hours=1)
LISTED_EVERY = timedelta(days=1)
# A connection whose item is gone is looked at a few times more.
DOUBTED_EVERY = timedelta(days=1)
DOUBTED_FOR = timedelta(days=4)
# Asked for in one go, once a minute. More than the rate budget serves would only wait in the mailbox.
AT_ONCE = 300


def ask_due() -> int:
    """Ask for those that were not compared for longest, EVERY at most. Returns how many."""
    waiting = Event.objects.filter(kind=KIND, state=Event.State.PENDING)[:AT_ONCE].count()
    due = Connection.objects.filter(_is_due(timezone.now())).order_by(
        F("last_reconciled_at").asc(nulls_first=True), "pk"
    )
    with transaction.atomic():
        return _ask(due.select_for_update(skip_locked=True, no_key=True)[: AT_ONCE - waiting])


def _is_due(now: datetime) -> Q:
    alive = Q(last_reconciled_at=None) | Q(last_reconciled_at__lte=now - EVERY)
    # Asked with the wrong credentials, the aggregator says of every item that there is none.
    buried = Q(last_reconciled_at__lte=now - DOUBTED_EVERY, deleted_at__gt=now - DOUBTED_FOR)
    return Q(alive, deleted_at=None) | buried


def ask(connection: Connection, *, full: bool = False) -> None:
    """Ask for the comparison of one connection; `full` lists everything, moved or not."""
    with transaction.atomic():
        _emit(connection, full)
        Connection.objects.filter(pk=connection.pk).update(last_reconciled_at=timezone.now())


def _ask(due: QuerySet[Connection]) -> int:
    chosen = list(due)
    mailboxes = [one.mailbox for one in chosen]
    # One that could not be compared yet is tried again by the mailbox: another request would add nothing.
    pending = Event.objects.filter(kind=KIND, state=Event.State.PENDING, mailbox__in=mailboxes)
    asked = set(pending.values_list("mailbox", flat=True))
    for connection in chosen:
        if connection.mailbox not in asked:
            _emit(connection, full=False)
    Connection.objects.filter(pk__in=[one.pk for one in chosen]).update(last_reconciled_at=timezone.now())
    return len(chosen)


def _emit(connection: Connection, full: bool) -> None:
    emit(
        KIND,
        mailbox=connection.mailbox,
        client=connection.client_id,
        payload={"connection": connection.pk, "full": full},
    )


def reconcile(batch: Batch) -> str:
    """Compare the item with our connection; list it where they differ."""
    full = any(event.data.get("full") is True for event in batch.events)
    return on_item(lambda visit: _compare(visit, full), gone=retire)(batch)


def _compare(visit: Found, full: bool) -> str:
    if visit.state.verdict.health is Health.IN_PROGRESS and visit.state.verdict.action is Action.NONE:
        # A run is under way, and says so itself when it ends; if that is lost too, the next comparison tells.
        return note(visit)
    if full or needs_listing(visit):
        return carry_out(visit, plan_listing(visit.state))
    return note(visit)


def needs_listing(visit: Found) -> bool:
    """Whether the bank gave something since our last complete listing, or that is a day old."""
    known = visit.connection
    if known.listed_at is None:
        return visit.state.verdict.has_data or visit.state.as_of is not None
    return visit.state.as_of != known.listed_as_of or timezone.now() - known.listed_at >= LISTED_EVERY
