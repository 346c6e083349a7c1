"""The handler of events that name transactions: read these transactions from the aggregator."""

from collections import defaultdict
from datetime import datetime

from apps.banking.aggregators.contract import Change, CredentialsRefused, Gone, ParentGone, UnknownApplication
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.registry import aggregator
from apps.banking.sync.accounts import close_account, find_account
from apps.banking.sync.item_events import pair_rows, run_plan, uncovered_events
from apps.banking.sync.plan import plan_sync
from apps.banking.sync.reading import Reading
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import store_status
from apps.banking.sync.stranded import strand
from apps.banking.sync.transactions import Reader, follows_items, readers
from apps.banking.sync.visit import GoneItem, Ignored, PresentItem, Visit, connection_of, visit_connection
from apps.events.work import Batch
from lib.errors import PonteError, Temporary, Throttled, Unexpected


def transactions_changed(batch: Batch) -> str:
    """Read the transactions that the events name; if the connection was never listed completely, read everything."""
    try:
        visit = visit_connection(batch)
    except Ignored as ignored:
        return ignored.outcome
    except (UnknownApplication, CredentialsRefused) as error:
        return strand(batch, connection_of(batch), error)
    if visit is None:
        return "unknown item"
    if isinstance(visit, GoneItem):
        return retire(visit)
    if isinstance(visit, PresentItem) and visit.state.verdict.has_data:
        return run_plan(visit, plan_sync(visit.state, full=True))
    run = RecordedRun(batch, visit.connection)
    with run.recorded():
        if isinstance(visit, PresentItem):
            with run.write():
                store_status(visit)
        return _read_changes(visit, run)


def _read_changes(visit: Visit, run: RecordedRun) -> str:
    reading = Reading(visit.connection, run, visit.source)
    for account_id, changes in _changes(visit).items():
        try:
            _read(reading, account_id, changes)
        except Throttled:
            raise
        except PonteError as error:
            run.failures.append(error)
    # Raise an error that a retry may fix first. The other accounts have been read.
    if run.failures:
        raise min(run.failures, key=lambda error: not isinstance(error, Temporary | Unexpected))
    outcome = "synced" if run.has_changes else "nothing new"
    pair_rows(run)
    with run.finish(outcome):
        pass
    return outcome


def _changes(visit: Visit) -> dict[str, list[Change]]:
    """The changes that the events name, by account; under an empty one where the aggregator follows whole items.

    An event that names a moment is skipped if our last complete listing began after it. One that names ids never is.
    """
    mailbox, events = read_mailbox_name(visit.batch.key), visit.batch.events
    door = aggregator(mailbox.aggregator).application(mailbox.application).door
    whole_item = follows_items(visit.connection)
    uncovered = {event.pk for event in uncovered_events(visit.connection, events)}
    by_account: dict[str, list[Change]] = defaultdict(list)
    for event in events:
        change = door.change(event.kind, event.data)
        account = "" if whole_item and change.ids is None else change.account
        if (account or whole_item) and (change.ids is not None or event.pk in uncovered):
            by_account[account].append(change)
    return by_account


def _read(reading: Reading, account_id: str, changes: list[Change]) -> None:
    if not account_id:
        _read_item(reading, changes)
        return
    account = find_account(reading, account_id)
    if account is None:
        return
    try:
        _read_account(Reader(reading, [account], account_id), changes)
    except (Gone, ParentGone) as error:
        if reading.source.account(account_id):
            text = "the account exists, but its list is gone"
            raise Temporary(text, error_type=error.error_type, code=error.code) from None
        close_account(reading, account)
        # With wrong credentials every account looks gone, so the next comparison must list everything.
        _list_again(reading)


def _read_item(reading: Reading, changes: list[Change]) -> None:
    """Read the changes of the whole item. If they are gone, the next attempt asks for the item itself."""
    try:
        for reader in readers(reading):
            reader.read_new(_earliest(changes))
    except (Gone, ParentGone) as error:
        _list_again(reading)
        raise Temporary("the item's list is gone", error_type=error.error_type, code=error.code) from None


def _list_again(reading: Reading) -> None:
    """Let the next visit ask for the item, and read everything if it is there."""
    with reading.run.write():
        reading.connection.listed_at = None
        reading.connection.save(update_fields=["listed_at"])


def _read_account(reader: Reader, changes: list[Change]) -> None:
    """Read the changes of one account: by their ids, or since a moment."""
    ids = {vendor_id for change in changes for vendor_id in change.ids or ()}
    if any(change.ids is None for change in changes):
        reader.read_new(_earliest(changes))
    reader.read_ids(reader.parent, ids)


def _earliest(changes: list[Change]) -> datetime | None:
    return min((change.since for change in changes if change.since), default=None)
