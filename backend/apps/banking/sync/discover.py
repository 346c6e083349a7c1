"""Find items that have no connection yet because every webhook of their first run was lost.

This works only if the aggregator lets us list our items.
"""

import logging
from datetime import timedelta

from django.utils import timezone

from apps.banking.aggregators.contract import Application, ListedItem, NotOffered, Subject
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.aggregators.registry import for_each_application
from apps.banking.models import Connection
from apps.banking.sync.adopt import member_of
from apps.banking.sync.reconcile import request_new
from apps.events.models import Event
from lib.row_security import for_system

logger = logging.getLogger(__name__)

# Lists are newest first. An earlier search, or a later webhook, has brought each item that is older than this.
LOOK_BACK = timedelta(days=7)


@for_system("discover")
def discover() -> int:
    """Request a reconciliation for each recent item that has a member and no connection. Returns how many.

    Raises the first error of `Application.items` except NotOffered, after the other applications were searched.
    """
    counts: list[int] = []
    for_each_application(lambda name, application: counts.append(_discover(name, application)))
    return sum(counts)


def _discover(name: str, application: Application) -> int:
    since, count = timezone.now() - LOOK_BACK, 0
    try:
        for page in application.items():
            # An item without a date counts as recent: one request too many does no harm.
            recent = [item for item in page if item.created_at is None or item.created_at >= since]
            count += sum(_request(name, application, item) for item in _unknown(name, application, recent))
            if len(recent) < len(page):
                break
    except NotOffered:
        logger.info("%s does not let us list our items, so Ponte cannot search for items without a connection", name)
    return count


def _unknown(name: str, application: Application, items: list[ListedItem]) -> list[ListedItem]:
    connections = Connection.objects.filter(
        aggregator=name, application=application.name, vendor_id__in=[item.id for item in items]
    )
    connected = set(connections.values_list("vendor_id", flat=True))
    return [item for item in items if item.id not in connected]


def _request(name: str, application: Application, item: ListedItem) -> bool:
    """Emit the event, unless the item has no member of ours or a pending event will create its connection."""
    member = member_of(item.member)
    if member and application.client not in (None, member.client_id):
        return False
    mailbox = str(MailboxName(name, application.name, Subject.ITEM, item.id))
    if member is None or Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING).exists():
        return False
    request_new(mailbox, member.client_id)
    return True
