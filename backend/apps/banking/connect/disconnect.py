"""Disconnect a bank: delete the item at the aggregator, which ends the consent, then tombstone or erase our rows.

The request is an event in the item's mailbox, so a sync that runs ends first, and none can write afterwards. The worker
deletes at the aggregator first. If it dies after that, its next attempt finds the item gone and goes on.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.banking.aggregators.contract import CredentialsRefused, Gone, NotOffered, Subject, UnknownApplication
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.announce import announce
from apps.banking.connect.applications import application_for
from apps.banking.connect.finish import connection_of
from apps.banking.models import (
    Account,
    BalanceSnapshot,
    Connection,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
    Mark,
    SyncRun,
    Transaction,
)
from apps.banking.sync.retire import retire_rows
from apps.events import bell
from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch

logger = logging.getLogger(__name__)

KIND = "connection.disconnect"
# Rows that one transaction erases.
BATCH = 2000


def disconnect(connection: Connection, *, erase: bool = False) -> None:
    """Ask a worker to disconnect the bank. Our rows are kept as tombstones or, with `erase`, erased for good.

    It may be asked twice; once asked to erase, the rows are erased. A connection that is already gone can still be
    erased.
    """
    with transaction.atomic():
        found = Connection.objects.select_for_update(no_key=True).filter(pk=connection.pk).first()
        if found is None or (found.deleted_at and not erase) or _is_asked(found, erase=erase):
            return
        Connection.objects.filter(pk=found.pk).update(disconnect_asked_at=timezone.now())
        emit(KIND, mailbox=found.mailbox, client=found.client_id, payload={"connection": found.pk, "erase": erase})
    connection.refresh_from_db(fields=["disconnect_asked_at"])


def _is_asked(connection: Connection, *, erase: bool) -> bool:
    """Whether an event that waits will do the same or more."""
    waiting = Event.objects.filter(kind=KIND, mailbox=connection.mailbox, state=Event.State.PENDING)
    return any(event.data.get("erase") is True or not erase for event in waiting)


def hasten(connection: Connection) -> None:
    """Let a request that waits for its next attempt run now. In a transaction."""
    waiting = Event.objects.filter(kind=KIND, mailbox=connection.mailbox, state=Event.State.PENDING)
    if waiting.update(available_at=Now()):
        transaction.on_commit(bell.ring_soon)


def handle(batch: Batch) -> str:
    """The handler of KIND."""
    mailbox = read_mailbox_name(batch.key)
    connection = connection_of(mailbox.id, mailbox.application, mailbox.aggregator)
    if mailbox.subject is not Subject.ITEM or connection is None:
        return "unknown item"
    batch.serve(connection.client_id)
    _delete_at_vendor(batch, connection)
    if any(event.data.get("erase") is True for event in batch.events):
        return _erase(batch, connection)
    return retire_rows(batch, connection)


def _delete_at_vendor(batch: Batch, connection: Connection) -> None:
    """Delete the item, unless it is gone already, or the client has removed its own credentials for it.

    Refused credentials are waited for, because the item could return with new ones; but not if the whole client is
    being erased, with its credentials.
    """
    batch.renew()
    try:
        application_for(connection).delete_item(connection.vendor_id)
    except (Gone, NotOffered, UnknownApplication) as error:
        logger.info("%s: nothing to delete at the aggregator: %s", connection, error.code)
    except CredentialsRefused:
        if not connection.application or connection.client.erasing_at is None:
            raise
        logger.warning("%s: the client's own credentials are refused, so its item is not deleted", connection)


# What hangs on a connection, the children of each table before the table itself.
def _rows_of(connection: Connection) -> Iterator["QuerySet[Any]"]:
    for child in (Transaction, CreditCardBill, BalanceSnapshot):
        yield child._default_manager.filter(account__connection=connection)
    yield InvestmentTransaction._default_manager.filter(investment__connection=connection)
    for table in (Account, Investment, Loan, Identity, Consent, Mark, SyncRun):
        yield table._default_manager.filter(connection=connection)


def _erase(batch: Batch, connection: Connection) -> str:
    """Erase the rows in transactions of a bounded size, and the connection with the last one."""
    for rows in _rows_of(connection):
        while chunk := list(rows.values_list("pk", flat=True)[:BATCH]):
            with batch.write():
                rows.model._default_manager.filter(pk__in=chunk).delete()
    with batch.finish("erased"):
        announce("connection.deleted", connection, cause=batch.events[0])
        connection.delete()
    return "erased"
