"""transactions/created, /updated and /deleted: the accounts and ids they name, and what the aggregator has of them."""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from apps.banking.accounts import close_account
from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.values import parse
from apps.banking.merge import merge
from apps.banking.models import Account
from apps.banking.movements import Reader
from apps.banking.retire import retire
from apps.banking.runs import Run
from apps.banking.standing import take_note
from apps.banking.visit import Visit, drop_in
from apps.events.models import Event
from apps.events.work import Batch, LeaseLost

logger = logging.getLogger(__name__)

Read = Callable[[Reader, list[Event]], None]


def transactions_created(batch: Batch) -> str:
    """Read what came to be in each account since we last did."""
    return _for_each_account(batch, _read_created)


def transactions_changed(batch: Batch) -> str:
    """transactions/updated and /deleted: what has one of the ids is stored as it is now, or tombstoned if it is not."""
    return _for_each_account(batch, _read_ids)


def _read_created(reader: Reader, events: list[Event]) -> None:
    told = [moment for event in events if (moment := _moment(event.data.get("transactionsCreatedAtFrom")))]
    reader.read_new(min(told, default=None))


def _moment(value: object) -> datetime | None:
    return parse(value) if isinstance(value, str) else None


def _read_ids(reader: Reader, events: list[Event]) -> None:
    named = (event.data.get("transactionIds") for event in events)
    ids = {one for some in named if isinstance(some, list) for one in some if isinstance(one, str)}
    reader.read_ids(ids)


def _for_each_account(batch: Batch, read: Read) -> str:
    visit = drop_in(batch)
    if visit is None:
        return "unknown item"
    if visit.item is None and visit.connection.deleted_at:
        return retire(visit)
    run = Run(batch, visit.connection)
    try:
        if visit.item is not None:
            with run.write():
                take_note(visit)
        for account_id, events in _by_account(batch).items():
            _read_account(visit, run, account_id, events, read)
        outcome = "synced" if run.has_changes else "nothing new"
        with run.finish(outcome):
            pass
    except LeaseLost:
        raise
    except Exception as error:
        run.abandon(error)
        raise
    return outcome


def _by_account(batch: Batch) -> dict[str, list[Event]]:
    """The events of each account; those that name none are void."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in batch.events:
        if isinstance(account_id := event.data.get("accountId"), str):
            found[account_id].append(event)
    return found


def _read_account(visit: Visit, run: Run, account_id: str, events: list[Event], read: Read) -> None:
    account = _account(visit, run, account_id)
    if account is None:
        return
    try:
        read(Reader(run, visit.api, account), events)
    except Gone:
        if not _is_here(visit, account_id):
            close_account(run, account)
            return
        raise


def _account(visit: Visit, run: Run, account_id: str) -> Account | None:
    """The account of that id, asked for if it is new here; None if it is gone, or another item's."""
    mine = Account.objects.filter(connection=visit.connection, vendor_id=account_id)
    known = mine.filter(deleted_at=None).first()
    if known is None and (doc := _is_here(visit, account_id)):
        found = run.sift(rows.account, [doc])
        with run.write():
            run.count("accounts", merge(Account, visit.scope, found.rows))
        known = mine.filter(deleted_at=None).first()
    return known


def _is_here(visit: Visit, account_id: str) -> dict | None:
    """The account as the aggregator has it, if it is this item's."""
    try:
        doc = visit.api.account(account_id)
    except Gone:
        return None
    if doc.get("itemId", visit.item_id) != visit.item_id:
        logger.warning("%s: an event names an account of another item", visit.connection)
        return None
    return doc
