"""transactions/created, /updated and /deleted: the accounts and ids they name, and what the aggregator has of them."""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.errors import Gone
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.models import Account, Connection
from apps.banking.rows.merge import merge
from apps.banking.sync.accounts import close_account
from apps.banking.sync.item_events import carry_out, uncovered
from apps.banking.sync.plan import plan_sync
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import Run
from apps.banking.sync.status import take_note
from apps.banking.sync.transactions import Reader
from apps.banking.sync.visit import Found, Lost, Visit, drop_in
from apps.events.models import Event
from apps.events.work import Batch
from lib.errors import PonteError, Temporary, Throttled, Unexpected

logger = logging.getLogger(__name__)

Read = Callable[[Reader, list[Event]], None]


def transactions_created(batch: Batch) -> str:
    """Read what came to be in each account since we last did."""
    return _follow(batch, _read_created, uncovered)


def transactions_changed(batch: Batch) -> str:
    """transactions/updated and /deleted: what has one of the ids is stored as it is now, or tombstoned if it is not."""
    return _follow(batch, _read_ids, lambda _, events: events)


def _read_created(reader: Reader, events: list[Event]) -> None:
    told = [moment for event in events if (moment := _moment(event.data.get("transactionsCreatedAtFrom")))]
    reader.read_new(min(told, default=None))


def _moment(value: object) -> datetime | None:
    return parse(value) if isinstance(value, str) else None


def _read_ids(reader: Reader, events: list[Event]) -> None:
    named = (event.data.get("transactionIds") for event in events)
    ids = {one for some in named if isinstance(some, list) for one in some if isinstance(one, str)}
    reader.read_ids(ids)


def _follow(batch: Batch, read: Read, choose: Callable[[Connection, list[Event]], list[Event]]) -> str:
    """Read what the chosen events are about; of a connection that was never read completely, everything."""
    visit = drop_in(batch)
    if visit is None:
        return "unknown item"
    if isinstance(visit, Lost):
        return retire(visit)
    if isinstance(visit, Found) and visit.verdict.has_data:
        return carry_out(visit, plan_sync(visit.item, visit.verdict, full=True))
    run = Run(batch, visit.connection)
    with run.kept():
        if isinstance(visit, Found):
            with run.write():
                take_note(visit)
        for account_id, events in _by_account(choose(visit.connection, batch.events)).items():
            try:
                _read_account(visit, run, account_id, events, read)
            except Throttled:
                raise
            except PonteError as error:
                run.failures.append(error)
        # What a later try may mend comes first; the other accounts were read all the same.
        if run.failures:
            raise min(run.failures, key=lambda error: not isinstance(error, Temporary | Unexpected))
        outcome = "synced" if run.has_changes else "nothing new"
        with run.finish(outcome):
            pass
    return outcome


def _by_account(events: list[Event]) -> dict[str, list[Event]]:
    """The events of each account; those that name none are void."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if isinstance(account_id := event.data.get("accountId"), str):
            found[account_id].append(event)
    return found


def _read_account(visit: Visit, run: Run, account_id: str, events: list[Event], read: Read) -> None:
    account = _account(visit, run, account_id)
    if account is None:
        return
    try:
        read(Reader(run, visit.api, account), events)
    except Gone as error:
        if _is_here(visit, account_id):
            raise Temporary("its list is gone", error_type=error.error_type, code=error.code) from None
        close_account(run, account)
        # With the wrong credentials everything looks gone: the next comparison lists it all.
        with run.write():
            visit.connection.listed_at = None
            visit.connection.save(update_fields=["listed_at"])


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


def _is_here(visit: Visit, account_id: str) -> dict[str, Any] | None:
    """The account as the aggregator has it, if it is this item's."""
    try:
        doc: dict[str, Any] = visit.api.account(account_id)
    except Gone:
        return None
    if (doc.get("itemId") or visit.item_id) != visit.item_id:
        logger.warning("%s: an event names an account of another item", visit.connection)
        return None
    return doc
