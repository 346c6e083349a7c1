"""Finding items that nobody told us of: every webhook of their first run was lost, and they have no connection yet.

Only where the aggregator lets us list our items (Pluggy enables that for a team on request).
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.pluggy.errors import NotEnabled
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.models import Connection
from apps.banking.sync.reconcile import KIND
from apps.banking.sync.visit import member_of
from apps.events.emit import emit
from apps.events.models import Event

logger = logging.getLogger(__name__)

# Lists are newest first: what is older than this was found before, or told of itself in the meantime.
LOOK_BACK = timedelta(days=7)

Doc = dict[str, Any]


def discover() -> int:
    """Ask for the comparison of each recent item that is a member's and has no connection. Returns how many.

    Raises what the client raises, but for the refusal of a list that is not enabled.
    """
    return sum(_discover(name) for name in AGGREGATORS)


def _discover(name: str) -> int:
    since, found = timezone.now() - LOOK_BACK, 0
    try:
        for page in aggregator(name).client().items():
            recent = [doc for doc in page if _created(doc) >= since]
            found += sum(_ask(name, doc) for doc in _unknown(name, recent))
            if len(recent) < len(page):
                break
    except NotEnabled:
        logger.info("%s does not let us list our items: those without a connection cannot be looked for", name)
    return found


def _created(doc: Doc) -> datetime:
    value = doc.get("createdAt")
    # Without a date it is looked at: better once too often.
    return (parse(value) if isinstance(value, str) else None) or datetime.max.replace(tzinfo=UTC)


def _unknown(name: str, docs: list[Doc]) -> list[Doc]:
    ids = [doc["id"] for doc in docs if isinstance(doc.get("id"), str)]
    known = set(Connection.objects.filter(aggregator=name, vendor_id__in=ids).values_list("vendor_id", flat=True))
    return [doc for doc in docs if isinstance(doc.get("id"), str) and doc["id"] not in known]


def _ask(name: str, doc: Doc) -> bool:
    member, mailbox = member_of(doc.get("clientUserId")), f"{name}:item:{doc['id']}"
    # What waits in its mailbox already will make its connection.
    if member is None or Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING).exists():
        return False
    with transaction.atomic():
        emit(KIND, mailbox=mailbox, client=member.client_id, payload={"full": True})
    return True
