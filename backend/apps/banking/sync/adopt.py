"""Making an item's connection: once, for one member, and for good."""

from uuid import UUID

from django.utils import timezone

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.mailboxes import Mailbox
from apps.banking.models import Connection, Connector
from apps.banking.rows.merge import merge
from apps.clients.models import Membership
from apps.events.work import unpark


def adopt(mailbox: Mailbox, member: Membership, *, institution: Row | None = None, credential: str = "") -> Connection:
    """The connection of the item that `mailbox` is for, made for `member` if it is new. Inside a transaction.

    An item that has a client never changes it. What waited for the connection is due now.
    """
    connection, created = Connection.objects.get_or_create(
        aggregator=mailbox.aggregator,
        application=mailbox.application,
        vendor_id=mailbox.id,
        defaults={
            "client_id": member.client_id,
            "member": member,
            "connector": connector_of(mailbox.aggregator, institution),
            "last_reconciled_at": timezone.now(),
        },
    )
    if created:
        if credential:
            connection.credential = credential
            connection.save(update_fields=["credential_sealed"])
        unpark(str(mailbox))
    return connection


def member_of(membership_id: str) -> Membership | None:
    """The membership of that id, if it is one of ours."""
    try:
        return Membership.objects.filter(pk=UUID(membership_id)).first()
    except ValueError:
        return None


def connector_of(aggregator: str, institution: Row | None) -> Connector | None:
    """The connector that an item names, made from what the item tells of it if it is new. Inside a transaction."""
    if institution is None:
        return None
    named = Connector.objects.filter(aggregator=aggregator, vendor_id=institution["vendor_id"])
    known = named.first()
    if known is None:
        merge(Connector, {"aggregator": aggregator}, [institution])
        known = named.first()
    return known
