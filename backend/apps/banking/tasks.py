"""Banking's Celery tasks. Each kind of event in settings.EVENT_TASKS has one; its argument names the mailbox."""

from celery import shared_task

from apps.banking import consents
from apps.banking.connect import disconnect
from apps.banking.rows.words import index_words
from apps.banking.sync import directory, discover, item_events, poll, reconcile, rollup, transaction_events
from apps.banking.widget.figures import purge_figures
from apps.events.work import process


@shared_task(name="process_item_created")
def process_item_created(mailbox: str) -> None:
    """The first run of an item ended well: read everything."""
    process(mailbox, "item/created", item_events.item_changed)


@shared_task(name="process_item_updated")
def process_item_updated(mailbox: str) -> None:
    """A later run of an item ended with data: read the new data."""
    process(mailbox, "item/updated", item_events.item_changed)


@shared_task(name="process_item_error")
def process_item_error(mailbox: str) -> None:
    """A run failed: store why, and who must act."""
    process(mailbox, "item/error", item_events.item_status_changed)


@shared_task(name="process_item_deleted")
def process_item_deleted(mailbox: str) -> None:
    """The aggregator says that an item is gone: check this, then tombstone its rows."""
    process(mailbox, "item/deleted", item_events.item_status_changed)


@shared_task(name="process_item_mfa")
def process_item_mfa(mailbox: str) -> None:
    """The bank waits for the user: store the reason. Two kinds of events say this; each run handles one kind."""
    if process(mailbox, "item/waiting_user_input", item_events.item_status_changed) is None:
        process(mailbox, "item/waiting_user_action", item_events.item_status_changed)


@shared_task(name="process_item_login_succeeded")
def process_item_login_succeeded(mailbox: str) -> None:
    """The bank accepted the credentials: store the new status."""
    process(mailbox, "item/login_succeeded", item_events.item_status_changed)


@shared_task(name="process_transactions_created")
def process_transactions_created(mailbox: str) -> None:
    """An account has new transactions: read them."""
    process(mailbox, "transactions/created", transaction_events.transactions_changed)


@shared_task(name="process_transactions_updated")
def process_transactions_updated(mailbox: str) -> None:
    """The transactions that the event names have changed: read them."""
    process(mailbox, "transactions/updated", transaction_events.transactions_changed)


@shared_task(name="process_transactions_deleted")
def process_transactions_deleted(mailbox: str) -> None:
    """The transactions that the event names are gone: check this, then tombstone them."""
    process(mailbox, "transactions/deleted", transaction_events.transactions_changed)


@shared_task(name="process_connector_status")
def process_connector_status(mailbox: str) -> None:
    """The health of an institution changed: read it."""
    process(mailbox, "connector/status_updated", directory.institution_changed)


@shared_task(name="process_item_changed")
def process_item_changed(mailbox: str) -> None:
    """An item changed: store its status, and read the data of its last run."""
    process(mailbox, "item.changed", item_events.item_changed)


@shared_task(name="process_transactions_changed")
def process_transactions_changed(mailbox: str) -> None:
    """An item's transactions were added, changed or removed: read the changes."""
    process(mailbox, "transactions.changed", transaction_events.transactions_changed)


@shared_task(name="process_connection_reconcile")
def process_connection_reconcile(mailbox: str) -> None:
    """Compare one connection with the aggregator, and read what Ponte missed."""
    process(mailbox, reconcile.KIND, reconcile.reconcile)


@shared_task(name="process_connection_disconnect")
def process_connection_disconnect(mailbox: str) -> None:
    """A person disconnects a bank: delete the item, then tombstone or erase our rows."""
    process(mailbox, disconnect.KIND, disconnect.handle)


@shared_task(name="banking.reconcile_due")
def reconcile_due() -> None:
    """Request the reconciliation of the connections that have waited longest."""
    reconcile.request_due()


@shared_task(name="banking.poll")
def poll_items() -> None:
    """Without a public address: look at the items whose turn it is."""
    poll.poll()


@shared_task(name="banking.discover")
def discover_items() -> None:
    """Search for items of our members that have no connection."""
    discover.discover()


@shared_task(name="banking.remind_of_consents")
def remind_of_consents() -> None:
    """Announce which consents end soon."""
    consents.remind()


@shared_task(name="banking.refresh_directory")
def refresh_directory() -> None:
    """Read connectors and categories again."""
    directory.refresh()


@shared_task(name="banking.purge_figures")
def purge_widget_figures() -> None:
    """Delete old sums of what happened to the Connect widget."""
    purge_figures()


@shared_task(name="banking.index_words")
def write_words() -> None:
    """Bring the words up to date by which people find transactions."""
    index_words()


@shared_task(name="banking.count_hours")
def count_hours() -> None:
    """Count the syncs of the last hours and the connections by state, for the dashboard."""
    rollup.count_hours()
