"""Finding items that have no connection yet because every webhook of their first run was lost.

Only where the aggregator lets us list our items (Pluggy enables that for a team on request).
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.contract import Application, ListedItem, NotOffered, Subject
from apps.banking.aggregators.mailboxes import Mailbox
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.models import Connection
from apps.banking.sync.adopt import member_of
from apps.banking.sync.reconcile import KIND
from apps.events.emit import emit
from apps.events.models import Event

logger = logging.getLogger(__name__)

# Lists are newest first: what is older than this was found before, or told of itself in the meantime.
LOOK_BACK = timedelta(days=7)


def discover() -> int:
    """Ask for the comparison of each recent item that is a member's and has no connection. Returns how many.

    Raises what a list raises, but for the refusal of one that is not offered.
    """
    return sum(_discover(name, application) for name in AGGREGATORS for application in aggregator(name).applications())


def _discover(name: str, application: Application) -> int:
    since, count = timezone.now() - LOOK_BACK, 0
    try:
        for page in application.items():
            # Without a date it is looked at: better once too often.
            recent = [item for item in page if item.created_at is None or item.created_at >= since]
            count += sum(_ask(name, application, item) for item in _unknown(name, application, recent))
            if len(recent) < len(page):
                break
    except NotOffered:
        logger.info("%s does not let us list our items: those without a connection cannot be looked for", name)
    return count


def _unknown(name: str, application: Application, items: list[ListedItem]) -> list[ListedItem]:
    listed = Connection.objects.filter(
        aggregator=name, application=application.name, vendor_id__in=[item.id for item in items]
    )
    known = set(listed.values_list("vendor_id", flat=True))
    return [item for item in items if item.id not in known]


def _ask(name: str, application: Application, item: ListedItem) -> bool:
    member = member_of(item.member)
    mailbox = str(Mailbox(name, application.name, Subject.ITEM, item.id))
    # What waits in its mailbox already will make its connection.
    if member is None or Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING).exists():
        return False
    with transaction.atomic():
        emit(KIND, mailbox=mailbox, client=member.client_id, payload={"full": True})
    return True
