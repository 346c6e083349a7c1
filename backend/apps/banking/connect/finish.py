"""Finish a connecting: the browser names an item, and the server asks the aggregator whose it is before it believes it.

The same item may be finished twice, late, and after a webhook has made its connection; the result is the same.
"""

from collections.abc import Iterable

from django.db import transaction

from apps.banking.aggregators.contract import Gone, ItemState, Subject, UnknownApplication
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.connect.applications import DEFAULT, usable
from apps.banking.connect.errors import Disconnecting, NotYours
from apps.banking.connect.turns import take_turn
from apps.banking.models import Connection
from apps.banking.sync import reconcile
from apps.banking.sync.adopt import OtherClient, adopt, as_membership_id
from apps.clients.models import Membership
from apps.events.models import Event
from lib.errors import Permanent
from lib.row_security import for_system


def finish(membership: Membership, item_id: str, application: str = "", *, vendor: str = DEFAULT) -> Connection:
    """The connection of the item, whose first sync is requested.

    Raises NotYours unless the aggregator says that the item is this member's, or is that of a connection which this
    client already has. Raises the aggregator's errors while it does not answer.
    """
    state = look_for(membership, item_id, application, vendor=vendor)
    mailbox = MailboxName(vendor, application, Subject.ITEM, item_id)
    with transaction.atomic():
        try:
            connection = adopt(mailbox, membership, institution=state.institution)
        except OtherClient:
            raise NotYours from None
        if connection.disconnect_asked_at:
            raise Disconnecting
        request_once(connection)
    return connection


def look_for(membership: Membership, item_id: str, application: str = "", *, vendor: str = DEFAULT) -> ItemState:
    """The item as the aggregator has it now. Raises NotYours as `finish` does, and changes nothing."""
    state = fetch(membership, item_id, application, vendor=vendor)
    if known := connection_of(item_id, application, vendor):
        # An item never leaves its client, whose members may all repair it.
        is_theirs = known.client_id == membership.client_id
    else:
        is_theirs = as_membership_id(state.member) == membership.pk
    if not is_theirs:
        raise NotYours
    return state


def fetch(membership: Membership, item_id: str, application: str, *, vendor: str = DEFAULT) -> ItemState:
    """The item, read with an application that the member's client may use. Raises NotYours if there is none."""
    take_turn(membership.pk)
    try:
        chosen = usable(membership.client, application, vendor)
        state = chosen.open(item_id).item()
    except (Gone, UnknownApplication):
        raise NotYours from None
    except Permanent as error:
        # No item can have such an id.
        raise (NotYours() if error.code == "INVALID_ID" else error) from None
    if state.id != item_id:
        raise NotYours
    return state


def find_existing(
    membership: Membership, item_ids: Iterable[str], application: str = "", *, vendor: str = DEFAULT
) -> Connection | None:
    """The client's connection of the items that a bank names as already connected, so that a page can repair it.

    Adopts an item of this member that has no connection yet. None if all of them belong to somebody else.
    """
    for item_id in list(item_ids)[:10]:
        try:
            return finish(membership, item_id, application, vendor=vendor)
        except (NotYours, Disconnecting):
            continue
    return None


@for_system("connection of an item")
def connection_of(item_id: str, application: str, vendor: str = DEFAULT) -> Connection | None:
    """The connection of an item, of any client."""
    return Connection.objects.filter(aggregator=vendor, application=application, vendor_id=item_id).first()


def request_once(connection: Connection) -> None:
    """Request a comparison, unless an event is waiting in the mailbox that will visit the item. In a transaction."""
    waiting = Event.objects.filter(mailbox=connection.mailbox, state=Event.State.PENDING, attempts=0)
    if not waiting.exists():
        reconcile.request(connection)
