"""Without a public address no webhook arrives, so Ponte looks at each item every few minutes.

A look is one call, and writes nothing of the item. If the item has changed, an event in its mailbox makes a worker
visit it, as a webhook would.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.banking.aggregators.contract import CredentialsRefused, UnknownApplication
from apps.banking.models import Connection
from apps.banking.sync.discover import discover
from apps.banking.sync.item_events import request_sync
from apps.banking.sync.look import differs, look
from apps.banking.sync.stranded import STRANDED
from apps.events.models import Event
from lib.engine_cache import cache
from lib.errors import PonteError, Temporary
from lib.row_security import for_system

logger = logging.getLogger(__name__)

# Looks of one run, which beat starts every minute: a third of what Pluggy allows for items.
LOOK_LIMIT = 100
_SEARCHED = "poll:searched"


@for_system("poll")
def poll() -> int:
    """Look at the items whose turn it is, longest wait first. Returns how many have changed.

    Does nothing if webhooks can arrive. Stops at an error of the aggregator that may pass; the next run goes on.
    """
    if settings.PUBLIC_URL:
        return 0
    _search()
    changed = 0
    for _ in range(LOOK_LIMIT):
        connection = _next()
        if connection is None:
            break
        try:
            changed += _look(connection)
        except Temporary as error:
            logger.warning("%s: polling stops for now: %s", connection, error.code or error.error_type)
            break
        except PonteError as error:
            logger.warning("%s: polling it failed: %s", connection, error.code or error.error_type)
    return changed


def every() -> timedelta:
    """The time between two looks at one item."""
    return timedelta(minutes=max(1, settings.POLL_MINUTES))


def _search() -> None:
    """Search for new items, where the aggregator lists them, as often as Ponte looks at one item."""
    if not cache.add(_SEARCHED, True, timeout=every().total_seconds()):
        return
    try:
        discover()
    except PonteError as error:
        logger.warning("The search for new items failed: %s", error.code or error.error_type)


def _next() -> Connection | None:
    """The connection that has waited longest for a look; None if none is due. No other process gets it as well."""
    now = timezone.now()
    waited = Q(last_polled_at=None) | Q(last_polled_at__lte=now - every())
    due = Connection.objects.filter(waited, deleted_at=None, paused_at=None).exclude(error_code__in=STRANDED)
    with transaction.atomic():
        first = due.order_by(F("last_polled_at").asc(nulls_first=True), "pk")
        connection = first.select_for_update(skip_locked=True, no_key=True).first()
        if connection:
            Connection.objects.filter(pk=connection.pk).update(last_polled_at=now)
    return connection


def _look(connection: Connection) -> bool:
    try:
        has_changed = differs(connection, look(connection))
    except (UnknownApplication, CredentialsRefused) as error:
        if isinstance(error, CredentialsRefused) and not connection.application:
            raise
        # The visit tells the connection's people.
        has_changed = True
    return has_changed and request_visit(connection)


def request_visit(connection: Connection) -> bool:
    """Make a worker visit an item that has changed. False if one will do so anyway."""
    # Without this, each look would repeat the request while the visit waits for a retry.
    if Event.objects.filter(mailbox=connection.mailbox, state=Event.State.PENDING).exists():
        return False
    with transaction.atomic():
        request_sync(connection)
    return True
