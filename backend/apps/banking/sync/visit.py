"""One worker's visit to one item: what the aggregator says of it now, and to which connection it belongs.

A webhook only says that something may have happened. Ponte asks the aggregator what did, every time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database

from apps.banking.aggregators.contract import Gone, ItemState, Source
from apps.banking.aggregators.mailboxes import Mailbox, read_mailbox
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection
from apps.banking.sync.adopt import adopt, member_of
from apps.events.work import Batch, Park
from lib.errors import ErrorType, Unexpected


@dataclass(repr=False)
class Visit:
    """A connection, the events that are about it, and the source to read; each of its calls renews the lease."""

    batch: Batch
    source: Source
    connection: Connection


@dataclass(repr=False)
class Found(Visit):
    """The item as the aggregator has it. `began` is before it was asked, by the clock that stamps events."""

    state: ItemState
    began: datetime


@dataclass(repr=False)
class Lost(Visit):
    """The aggregator no longer has the item."""


def arrive(batch: Batch) -> Found | Lost | None:
    """Look at the item whose mailbox this is. None when neither we nor the aggregator know it.

    Raises Park for an item that exists, but belongs to none of our members (yet).
    """
    mailbox = read_mailbox(batch.key)
    connection = _connection(mailbox)
    source = _source(mailbox, batch, connection)
    began = _database_time()
    try:
        state = source.item()
    except Gone:
        return Lost(batch, source, connection) if connection else None
    if state.id != mailbox.id:
        raise Unexpected("another item than the one asked for", code="OTHER_ITEM", error_type=ErrorType.INTERNAL_ERROR)
    connection = connection or _adopt(batch, mailbox, state)
    if connection.deleted_at:
        # It is there again (status.take_note says so in its row): nothing of what was listed counts any more.
        connection.listed_at = None
    return Found(batch, source, connection, state, began)


def drop_in(batch: Batch) -> Visit | None:
    """As `arrive`, but without asking for the item of a connection that is alive and was read before."""
    mailbox = read_mailbox(batch.key)
    connection = _connection(mailbox)
    if connection is None or connection.deleted_at or connection.listed_at is None:
        return arrive(batch)
    return Visit(batch, _source(mailbox, batch, connection), connection)


def _connection(mailbox: Mailbox) -> Connection | None:
    return Connection.objects.filter(
        aggregator=mailbox.aggregator, application=mailbox.application, vendor_id=mailbox.id
    ).first()


def _source(mailbox: Mailbox, batch: Batch, connection: Connection | None) -> Source:
    definition = aggregator(mailbox.aggregator)
    if connection is None and definition.needs_credential:
        raise Park("an item whose credential is not here yet")
    credential = connection.credential if connection else ""
    application = definition.application(mailbox.application)
    return application.open(mailbox.id, credential=credential, before_call=batch.renew)


def _database_time() -> datetime:
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _adopt(batch: Batch, mailbox: Mailbox, state: ItemState) -> Connection:
    """The connection of an item that is new here: its member's, if it names one of ours. Raises Park."""
    member = member_of(state.member)
    if member is None:
        raise Park("an item of no member of ours")
    with batch.write():
        return adopt(mailbox, member, institution=state.institution)


def on_item(act: Callable[[Found], str], gone: Callable[[Lost], str]) -> Callable[[Batch], str]:
    """A verb: look at the item, then `act`; or `gone`, when the aggregator no longer has it."""

    def verb(batch: Batch) -> str:
        visit = arrive(batch)
        if visit is None:
            return "unknown item"
        return gone(visit) if isinstance(visit, Lost) else act(visit)

    return verb
