"""One worker's visit to one item: what the aggregator says of it now, and whose connection it is.

A webhook only says that something may have happened. What did is asked of the aggregator, every time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.registry import aggregator
from apps.banking.aggregators.verdict import Verdict
from apps.banking.models import Connection
from apps.banking.sync.directory import connector_of
from apps.clients.models import Membership
from apps.events.work import Batch, Park, unpark
from lib.errors import ErrorType, Unexpected


@dataclass(repr=False)
class Visit:
    """A connection, the events that are about it, and a client whose calls each hold the mailbox."""

    batch: Batch
    api: Any
    connection: Connection

    @property
    def item_id(self) -> str:
        """The item's id at the aggregator."""
        return self.connection.vendor_id

    @property
    def scope(self) -> dict[str, Any]:
        """What all rows that hang on the connection have in common."""
        return {"client_id": self.connection.client_id, "connection_id": self.connection.pk}


@dataclass(repr=False)
class Found(Visit):
    """The item as the aggregator has it. `began` is before it was asked, by the clock that stamps events."""

    item: dict[str, Any]
    verdict: Verdict
    began: datetime


@dataclass(repr=False)
class Lost(Visit):
    """The aggregator has no such item any more."""


def arrive(batch: Batch) -> Found | Lost | None:
    """Look at the item whose mailbox this is. None when nobody knows it: neither we nor the aggregator.

    Raises Park for an item that is there, but belongs to none of our members (yet).
    """
    name, item_id, connection, api = _mailbox(batch)
    began = _database_time()
    try:
        item = api.item(item_id)
    except Gone:
        return Lost(batch, api, connection) if connection else None
    if item["id"] != item_id:
        raise Unexpected("another item than the one asked for", code="OTHER_ITEM", error_type=ErrorType.INTERNAL_ERROR)
    connection = connection or _adopt(batch, name, item)
    if connection.deleted_at:
        # It is there again (standing.take_note says so in its row): nothing of what was listed counts any more.
        connection.listed_at = None
    return Found(batch, api, connection, item, aggregator(name).classify(item), began)


def drop_in(batch: Batch) -> Visit | None:
    """As `arrive`, but without asking for the item of a connection that is alive and was read before."""
    _, _, connection, api = _mailbox(batch)
    if connection is None or connection.deleted_at or connection.listed_at is None:
        return arrive(batch)
    return Visit(batch, api, connection)


def _mailbox(batch: Batch) -> tuple[str, str, Connection | None, Any]:
    """(aggregator, item id, connection if known, client whose calls each renew the lease)"""
    name, _, item_id = batch.key.split(":", 2)
    connection = Connection.objects.filter(aggregator=name, vendor_id=item_id).first()
    return name, item_id, connection, aggregator(name).client(before_call=batch.renew)


def _database_time() -> datetime:
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _adopt(batch: Batch, name: str, item: dict[str, Any]) -> Connection:
    """The connection of an item that is new here: its member's, if it names one of ours. Raises Park."""
    member = member_of(item.get("clientUserId"))
    if member is None:
        raise Park("an item of nobody we know")
    with batch.write():
        # Whoever else makes it in this moment wins: an item that has a client never changes it.
        connection, created = Connection.objects.get_or_create(
            aggregator=name,
            vendor_id=item["id"],
            defaults={
                "client_id": member.client_id,
                "member": member,
                "connector": connector_of(name, item.get("connector")),
                "last_reconciled_at": timezone.now(),
            },
        )
        if created:
            unpark(batch.key)
    return connection


def member_of(client_user_id: Any) -> Membership | None:
    """The membership that an aggregator's `clientUserId` names, if any."""
    try:
        return Membership.objects.filter(pk=UUID(client_user_id)).first()
    except (TypeError, ValueError, AttributeError):
        return None


def on_item(act: Callable[[Found], str], gone: Callable[[Lost], str]) -> Callable[[Batch], str]:
    """A verb: look at the item, then `act`; or `gone`, when the aggregator has it no more."""

    def verb(batch: Batch) -> str:
        visit = arrive(batch)
        if visit is None:
            return "unknown item"
        return gone(visit) if isinstance(visit, Lost) else act(visit)

    return verb
