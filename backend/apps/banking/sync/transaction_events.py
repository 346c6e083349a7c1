"""Events that name transactions: the accounts and ids they name, and what the aggregator has of them."""

from collections import defaultdict

from apps.banking.aggregators.contract import Change, Gone, ParentGone
from apps.banking.aggregators.mailboxes import read_mailbox
from apps.banking.aggregators.registry import aggregator
from apps.banking.sync.accounts import close_account, find_account
from apps.banking.sync.item_events import carry_out, uncovered
from apps.banking.sync.plan import plan_sync
from apps.banking.sync.reading import Reading
from apps.banking.sync.retire import retire
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import take_note
from apps.banking.sync.transactions import Reader, follows_items, readers
from apps.banking.sync.visit import Found, Lost, Visit, drop_in
from apps.events.work import Batch
from lib.errors import PonteError, Temporary, Throttled, Unexpected


def transactions_changed(batch: Batch) -> str:
    """Read what the events name; of a connection that was never read completely, everything."""
    visit = drop_in(batch)
    if visit is None:
        return "unknown item"
    if isinstance(visit, Lost):
        return retire(visit)
    if isinstance(visit, Found) and visit.state.verdict.has_data:
        return carry_out(visit, plan_sync(visit.state, full=True))
    run = RecordedRun(batch, visit.connection)
    with run.recorded():
        if isinstance(visit, Found):
            with run.write():
                take_note(visit)
        return _read_changes(visit, run)


def _read_changes(visit: Visit, run: RecordedRun) -> str:
    reading = Reading(visit.source, visit.connection, run)
    for account_id, changes in _changes(visit).items():
        try:
            _read(reading, account_id, changes)
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


def _changes(visit: Visit) -> dict[str, list[Change]]:
    """What the events name, by account; under an empty name where the aggregator follows the whole item.

    An event that names moments is void if our last complete listing began after it; one that names ids never is.
    """
    mailbox, events = read_mailbox(visit.batch.key), visit.batch.events
    door = aggregator(mailbox.aggregator).application(mailbox.application).door
    whole_item = follows_items(visit.connection)
    news = {event.pk for event in uncovered(visit.connection, events)}
    by_account: dict[str, list[Change]] = defaultdict(list)
    for event in events:
        change = door.change(event.kind, event.data)
        if (change.account or whole_item) and (change.ids is not None or event.pk in news):
            by_account["" if whole_item else change.account].append(change)
    return by_account


def _read(reading: Reading, account_id: str, changes: list[Change]) -> None:
    if not account_id:
        for reader in readers(reading):
            reader.read_new()
        return
    account = find_account(reading, account_id)
    if account is None:
        return
    try:
        _read_account(Reader(reading, [account], account_id), changes)
    except (Gone, ParentGone) as error:
        if reading.source.account(account_id):
            raise Temporary("its list is gone", error_type=error.error_type, code=error.code) from None
        close_account(reading, account)
        # With the wrong credentials everything looks gone: the next comparison lists it all.
        with reading.run.write():
            reading.connection.listed_at = None
            reading.connection.save(update_fields=["listed_at"])


def _read_account(reader: Reader, changes: list[Change]) -> None:
    """Ids and moments never come together: a batch holds events of one kind."""
    ids = {vendor_id for change in changes for vendor_id in change.ids or ()}
    if any(change.ids is None for change in changes):
        reader.read_new(min((change.since for change in changes if change.since), default=None))
    reader.read_ids(reader.parent, ids)
