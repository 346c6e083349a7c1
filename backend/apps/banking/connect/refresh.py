"""Sync now: make the aggregator ask the bank for new data, as often as the aggregator allows.

A person's click costs the aggregator at most one call a minute for each connection, however often it comes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.banking.aggregators.contract import Gone, NotOffered, UnknownApplication, VendorFailure
from apps.banking.aggregators.verdict import Action
from apps.banking.connect.applications import application_for
from apps.banking.connect.finish import request_once
from apps.banking.connect.token import webhook_url
from apps.banking.models import Connection
from apps.banking.sync.item_events import request_sync
from lib.errors import ErrorType, NeedsUser, PonteError, Temporary, Unexpected

# Between two clicks on one connection.
PAUSE = timedelta(minutes=1)
# A longer wait that a vendor names is not believed.
LONGEST = timedelta(days=31)
# The code of a connection that staff have paused.
PAUSED = "PAUSED"


class Outcome(StrEnum):
    """What a request to sync now led to."""

    STARTED = "started"
    RUNNING = "running"
    READ_AGAIN = "read_again"
    TOO_SOON = "too_soon"
    BANK_DOWN = "bank_down"
    NEEDS_USER = "needs_user"
    GONE = "gone"
    REFUSED = "refused"


# The outcomes after which new data may arrive.
ASKED = frozenset({Outcome.STARTED, Outcome.RUNNING, Outcome.READ_AGAIN})


@dataclass(frozen=True)
class Refreshed:
    """`next_at` is when it may be tried again; None if that is open. `action` and `code` say why it was refused.

    STARTED: the bank is being asked. RUNNING: it already was. READ_AGAIN: the aggregator decides itself when it asks
    this bank, so Ponte reads what the aggregator has. TOO_SOON: wait until `next_at`. BANK_DOWN: the bank cannot be
    reached. NEEDS_USER: the person must act first. GONE: the aggregator has no such item any more. REFUSED: the plan
    or the set-up does not allow it.
    """

    outcome: Outcome
    next_at: datetime | None = None
    action: Action = Action.NONE
    code: str = ""


def refresh(connection: Connection) -> Refreshed:
    """Ask the bank for new data now. Raises Temporary or Unexpected if the aggregator does not answer."""
    now = timezone.now()
    if refusal := _not_now(connection):
        return refusal
    if not _take_turn(connection, now):
        return Refreshed(Outcome.TOO_SOON, _allowed_at(connection))
    try:
        _ask(connection)
    except PonteError as error:
        return _refused(connection, error, now)
    with transaction.atomic():
        request_sync(connection)
    return Refreshed(Outcome.STARTED, now + PAUSE)


def _not_now(connection: Connection) -> Refreshed | None:
    """Why the connection is not read at all; None if it is."""
    if connection.deleted_at or connection.disconnect_asked_at:
        return Refreshed(Outcome.GONE)
    return Refreshed(Outcome.REFUSED, code=PAUSED) if connection.paused_at else None


def _ask(connection: Connection) -> None:
    application = application_for(connection)
    token = application.path_token(connection.member_id) if connection.member_id else ""
    application.refresh(connection.vendor_id, webhook_url=webhook_url(connection.aggregator, token))


def _take_turn(connection: Connection, now: datetime) -> bool:
    """Whether this call may go on. Of several at the same time only one may."""
    free = Q(refresh_allowed_at=None) | Q(refresh_allowed_at__lte=now)
    return bool(Connection.objects.filter(free, pk=connection.pk).update(refresh_allowed_at=now + PAUSE))


def _allowed_at(connection: Connection) -> datetime | None:
    return Connection.objects.values_list("refresh_allowed_at", flat=True).get(pk=connection.pk)


def _refused(connection: Connection, error: PonteError, now: datetime) -> Refreshed:
    """What a refusal means. Raises `error` if it is an outage."""
    if isinstance(error, Gone):
        return _without_asking(connection, Outcome.GONE, error)
    if isinstance(error, NotOffered):
        return _without_asking(connection, Outcome.READ_AGAIN, error)
    if isinstance(error, UnknownApplication):
        return _without_asking(connection, Outcome.NEEDS_USER, error)
    if isinstance(error, Temporary):
        outcome = _OF_TEMPORARY.get(error.error_type)
    else:
        outcome = Outcome.NEEDS_USER if isinstance(error, NeedsUser) else Outcome.REFUSED
    if outcome is None or isinstance(error, Unexpected):
        raise error
    next_at = _wait_until(connection, _next_at(error, now))
    return Refreshed(outcome, next_at, getattr(error, "action", Action.NONE), error.code)


_OF_TEMPORARY = {
    ErrorType.ITEM_ERROR: Outcome.RUNNING,
    ErrorType.RATE_LIMIT_EXCEEDED: Outcome.TOO_SOON,
    ErrorType.BANK_MAINTENANCE: Outcome.BANK_DOWN,
    ErrorType.INSTITUTION_ERROR: Outcome.BANK_DOWN,
}


def _without_asking(connection: Connection, outcome: Outcome, error: PonteError) -> Refreshed:
    """The bank is not asked. A worker reads what the aggregator has, or finds out that the item is gone."""
    with transaction.atomic():
        request_once(connection)
    action = Action.ADD_CREDENTIALS if isinstance(error, UnknownApplication) else getattr(error, "action", Action.NONE)
    return Refreshed(outcome, timezone.now() + PAUSE, action, error.code)


def _next_at(error: PonteError, now: datetime) -> datetime:
    """When the vendor allows it again, as far as it says so; at least our own pause."""
    named = error.try_again_at if isinstance(error, VendorFailure) else None
    wait = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    return min(max(named or now + wait, now + PAUSE), now + LONGEST)


def _wait_until(connection: Connection, next_at: datetime) -> datetime:
    """Until then a click makes no call."""
    Connection.objects.filter(pk=connection.pk).update(refresh_allowed_at=next_at)
    return next_at
