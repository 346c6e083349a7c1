"""A worker visits an item: it asks the aggregator for the item's state, and finds the item's connection.

A webhook only says that something may have happened. Each time, Ponte fetches the item's state from the aggregator.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database

from apps.banking.aggregators.contract import CredentialsRefused, Gone, ItemState, Source, Subject, UnknownApplication
from apps.banking.aggregators.mailboxes import MailboxName, read_mailbox_name
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection
from apps.banking.sync.adopt import OtherClient, adopt, as_membership_id, member_of
from apps.banking.sync.stranded import strand
from apps.events.work import Batch, Handler, Park
from lib.errors import ErrorType, Unexpected
from lib.row_security import for_system

logger = logging.getLogger(__name__)

# The outcome of events that the token of another member than the item's has proved.
OTHER_MEMBER = "another member's item"


# The outcome of events of a connection that staff paused.
PAUSED = "paused"


class Ignored(Exception):
    """The events must change nothing and cost no call. `outcome` says why."""

    outcome: str


class OtherMember(Ignored):
    """Only a member's token proved the events, and the item is another member's."""

    outcome = OTHER_MEMBER


class Paused(Ignored):
    """Staff paused the connection. When they resume it, Ponte reads all that it missed."""

    outcome = PAUSED


@dataclass(repr=False)
class Visit:
    """A connection, the events about it, and the source to read. Each call of the source renews the lease."""

    batch: Batch
    source: Source
    connection: Connection


@dataclass(repr=False)
class PresentItem(Visit):
    """The aggregator has the item. `began` is the time just before the question, by the clock that stamps events."""

    state: ItemState
    began: datetime


@dataclass(repr=False)
class GoneItem(Visit):
    """The aggregator no longer has the item."""


def visit_item(batch: Batch) -> PresentItem | GoneItem | None:
    """Ask for the state of the item that this mailbox is for. None if neither Ponte nor the aggregator knows the item.

    Raises Park if the item exists but does not (yet) belong to one of our members, Ignored, and UnknownApplication.
    """
    mailbox = read_mailbox_name(batch.key)
    if mailbox.subject is not Subject.ITEM:
        # The webhook names no item. Its id must not lead to one, because only an item's own mailbox fences its rows.
        return None
    connection = _connection(batch, mailbox)
    if connection and connection.member_id:
        _check_member(batch, str(connection.member_id))
    source = _source(mailbox, batch, connection)
    began = _database_time()
    try:
        state = source.item()
    except Gone:
        return GoneItem(batch, source, connection) if connection else None
    if state.id != mailbox.id:
        raise Unexpected("the aggregator sent another item", code="OTHER_ITEM", error_type=ErrorType.INTERNAL_ERROR)
    if connection is None or connection.member_id is None:
        _check_vendors_word(batch, state, connection)
    connection = connection or _adopt(batch, mailbox, state)
    if connection.deleted_at:
        # The item has returned (store_status updates its row), so everything must be listed again.
        connection.listed_at = None
    return PresentItem(batch, source, connection, state, began)


def visit_connection(batch: Batch) -> Visit | None:
    """Like `visit_item`, but does not ask for the item if its connection is not deleted and was listed before.

    It does ask whose the item is, if only the vendor can say whether the events' token counts for it."""
    mailbox = read_mailbox_name(batch.key)
    connection = _connection(batch, mailbox) if mailbox.subject is Subject.ITEM else None
    if connection is None or connection.deleted_at or connection.listed_at is None:
        return visit_item(batch)
    if batch.token_member and connection.member_id is None:
        return visit_item(batch)
    _check_member(batch, str(connection.member_id))
    return Visit(batch, _source(mailbox, batch, connection), connection)


def _connection(batch: Batch, mailbox: MailboxName) -> Connection | None:
    with for_system("connection of an item"):
        connection = Connection.objects.filter(
            aggregator=mailbox.aggregator, application=mailbox.application, vendor_id=mailbox.id
        ).first()
    if connection and connection.paused_at:
        raise Paused
    if connection:
        batch.serve(connection.client_id)
    return connection


def connection_of(batch: Batch) -> Connection | None:
    """The connection of the mailbox's item, whose client the run serves from now on."""
    return _connection(batch, read_mailbox_name(batch.key))


def _check_vendors_word(batch: Batch, state: ItemState, connection: Connection | None) -> None:
    """Compare with the member that the vendor names. A new item that names none may still get one, so it is parked."""
    if connection or state.member:
        _check_member(batch, state.member)


def _check_member(batch: Batch, member: str) -> None:
    """Raise OtherMember if the events have a token, and it is not of this member."""
    if batch.token_member is None or as_membership_id(member) == batch.token_member:
        return
    logger.warning(
        "Webhooks (%s) for %s had the token of a member whose item it is not. Ponte ignores them.",
        batch.kind,
        batch.key,
    )
    raise OtherMember


def _source(mailbox: MailboxName, batch: Batch, connection: Connection | None) -> Source:
    definition = aggregator(mailbox.aggregator)
    if connection is None and definition.needs_credential:
        raise Park("the credential of the item has not arrived yet")
    credential = connection.credential if connection else ""
    application = definition.application(mailbox.application)
    return application.open(mailbox.id, credential=credential, before_call=batch.renew)


def _database_time() -> datetime:
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _adopt(batch: Batch, mailbox: MailboxName, state: ItemState) -> Connection:
    """Create the connection of a new item for the member that the item names. Raises Park if it is not ours."""
    member = member_of(state.member)
    if member is None:
        raise Park("the item names none of our members")
    try:
        with batch.write():
            connection = adopt(mailbox, member, institution=state.institution)
    except OtherClient:
        raise Park("the item names a member of another client than its application's") from None
    batch.serve(connection.client_id)
    return connection


def item_handler(present: Callable[[PresentItem], str], gone: Callable[[GoneItem], str]) -> Handler:
    """A handler that visits the item, then calls `present`, or `gone` if the aggregator no longer has the item."""

    def handler(batch: Batch) -> str:
        try:
            visit = visit_item(batch)
        except Ignored as ignored:
            return ignored.outcome
        except (UnknownApplication, CredentialsRefused) as error:
            return strand(batch, connection_of(batch), error)
        if visit is None:
            return "unknown item"
        return gone(visit) if isinstance(visit, GoneItem) else present(visit)

    return handler
