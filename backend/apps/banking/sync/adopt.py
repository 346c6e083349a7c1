"""Create the connection of an item, once. Its member never changes, and no other client gets it."""

from uuid import UUID

from django.utils import timezone

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.models import ClientApplication, Connection, Connector
from apps.banking.rows.merge import merge
from apps.clients.models import Membership
from apps.events.work import unpark
from lib.errors import ErrorType, Permanent
from lib.row_security import for_system


class OtherClient(Permanent):
    """The item, or the application that holds it, belongs to another client than the member's."""

    default_type = ErrorType.ITEM_ERROR

    def __init__(self) -> None:
        super().__init__("the item belongs to another client", code="OTHER_CLIENT")


@for_system("adopting an item")
def adopt(
    mailbox: MailboxName, member: Membership, *, institution: Row | None = None, credential: str = ""
) -> Connection:
    """Return the connection of the mailbox's item; create it for `member` if it is new. Call inside a transaction.

    An item never moves to another client. Events that were parked until the connection existed become due. A new
    credential replaces the old one only if its member brings it. Raises OtherClient.
    """
    # The owner of an application can give its items any member's id.
    others = ClientApplication.objects.filter(aggregator=mailbox.aggregator, name=mailbox.application)
    if mailbox.application and others.exclude(client_id=member.client_id).exists():
        raise OtherClient
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
    if connection.client_id != member.client_id:
        raise OtherClient
    if credential and connection.member_id == member.pk:
        connection.credential = credential
        connection.save(update_fields=["credential_sealed"])
    if created:
        unpark(str(mailbox))
    return connection


@for_system("membership of an item")
def member_of(membership_id: str) -> Membership | None:
    """The membership with that id; None if it is not one of ours."""
    parsed = as_membership_id(membership_id)
    return Membership.objects.filter(pk=parsed).first() if parsed else None


def as_membership_id(text: str) -> UUID | None:
    """The id in a vendor's text; None if no membership can have it."""
    try:
        return UUID(text)
    except ValueError:
        return None


def connector_of(aggregator: str, institution: Row | None) -> Connector | None:
    """The connector that an item names; a new one is created from the item's data. Call inside a transaction."""
    if institution is None:
        return None
    matches = Connector.objects.filter(aggregator=aggregator, vendor_id=institution["vendor_id"])
    connector = matches.first()
    if connector is None:
        merge(Connector, {"aggregator": aggregator}, [institution])
        connector = matches.first()
    return connector
