"""Take over an item that was connected elsewhere, such as in MeuPluggy or with another program, by its id.

Who may take over what:

- An item whose `clientUserId` is this member's id is this member's, who could finish it as well (`finish`).
- An item that names no membership of ours belongs to no member here. The id alone proves nothing. So a member takes it
  over only with the client's own credentials, with which the client can read it at the aggregator anyway. Staff may
  also use the installation's credentials: they must ask whose item it is.
- An item that names another membership of ours, or has a connection of another client under any credentials, is
  refused. So is one that does not exist; the two look the same.
"""

from django.db import transaction

from apps.banking.aggregators.contract import ItemState, Subject
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.connect.applications import DEFAULT
from apps.banking.connect.errors import NotYours
from apps.banking.connect.finish import fetch, request_once
from apps.banking.models import Connection
from apps.banking.sync.adopt import OtherClient, adopt, member_of
from apps.clients.models import Membership
from lib.row_security import for_system


def take_over(
    membership: Membership, item_id: str, application: str = "", *, staff: bool = False, vendor: str = DEFAULT
) -> Connection:
    """The connection of the item, for this member; its first sync is requested. `staff`: a staff person asks for it.

    Raises NotYours, and the aggregator's errors. Webhooks of the item come to us only after the next "sync now", which
    tells the aggregator our address; until then hourly comparisons find its changes.
    """
    state = fetch(membership, item_id, application, vendor=vendor)
    if not _may_have(membership, state, application, staff=staff) or _is_elsewhere(membership, item_id, vendor):
        raise NotYours
    with transaction.atomic():
        try:
            mailbox = MailboxName(vendor, application, Subject.ITEM, item_id)
            connection = adopt(mailbox, membership, institution=state.institution)
        except OtherClient:
            raise NotYours from None
        request_once(connection)
    return connection


def _may_have(membership: Membership, state: ItemState, application: str, *, staff: bool) -> bool:
    if owner := member_of(state.member):
        return owner.pk == membership.pk
    return bool(application) or staff


@for_system("connection of an item")
def _is_elsewhere(membership: Membership, item_id: str, vendor: str) -> bool:
    """Whether another client has the item, under any credentials: two sets can be of one application."""
    others = Connection.objects.filter(aggregator=vendor, vendor_id=item_id)
    return others.exclude(client_id=membership.client_id).exists()
