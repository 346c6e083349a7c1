"""Banking's doorbells. One task for each kind of event, named in settings.EVENT_TASKS; what to do is in the mailbox."""

from celery import shared_task

from apps.banking import consents
from apps.banking.sync import directory, discover, item_events, reconcile, transaction_events
from apps.events.work import process


@shared_task(name="process_item_created")
def process_item_created(mailbox: str) -> None:
    """A first run ended well: read everything."""
    process(mailbox, "item/created", item_events.item_changed)


@shared_task(name="process_item_updated")
def process_item_updated(mailbox: str) -> None:
    """A later run ended with data: read what is new."""
    process(mailbox, "item/updated", item_events.item_changed)


@shared_task(name="process_item_error")
def process_item_error(mailbox: str) -> None:
    """A run failed: note why, and who must act."""
    process(mailbox, "item/error", item_events.item_status_changed)


@shared_task(name="process_item_deleted")
def process_item_deleted(mailbox: str) -> None:
    """An item is said to be gone: verify it, then tombstone."""
    process(mailbox, "item/deleted", item_events.item_status_changed)


@shared_task(name="process_item_mfa")
def process_item_mfa(mailbox: str) -> None:
    """The bank waits for the person: note for what. Two kinds of events say so; one run is for one of them."""
    if process(mailbox, "item/waiting_user_input", item_events.item_status_changed) is None:
        process(mailbox, "item/waiting_user_action", item_events.item_status_changed)


@shared_task(name="process_item_login_succeeded")
def process_item_login_succeeded(mailbox: str) -> None:
    """The bank accepted the credentials: note it."""
    process(mailbox, "item/login_succeeded", item_events.item_status_changed)


@shared_task(name="process_transactions_created")
def process_transactions_created(mailbox: str) -> None:
    """An account has new transactions."""
    process(mailbox, "transactions/created", transaction_events.transactions_changed)


@shared_task(name="process_transactions_updated")
def process_transactions_updated(mailbox: str) -> None:
    """Certain transactions changed."""
    process(mailbox, "transactions/updated", transaction_events.transactions_changed)


@shared_task(name="process_transactions_deleted")
def process_transactions_deleted(mailbox: str) -> None:
    """Certain transactions are gone."""
    process(mailbox, "transactions/deleted", transaction_events.transactions_changed)


@shared_task(name="process_connector_status")
def process_connector_status(mailbox: str) -> None:
    """An institution went up or down."""
    process(mailbox, "connector/status_updated", directory.institution_changed)


@shared_task(name="process_item_changed")
def process_item_changed(mailbox: str) -> None:
    """Something happened to an item: note how it stands, and read what it brought."""
    process(mailbox, "item.changed", item_events.item_changed)


@shared_task(name="process_transactions_changed")
def process_transactions_changed(mailbox: str) -> None:
    """Transactions of an item came, changed or went."""
    process(mailbox, "transactions.changed", transaction_events.transactions_changed)


@shared_task(name="process_connection_reconcile")
def process_connection_reconcile(mailbox: str) -> None:
    """Compare one connection with the aggregator, and mend what was missed."""
    process(mailbox, reconcile.KIND, reconcile.reconcile)


@shared_task(name="banking.reconcile_due")
def reconcile_due() -> None:
    """Ask for the reconciliation of the connections that wait longest."""
    reconcile.ask_due()


@shared_task(name="banking.discover")
def discover_items() -> None:
    """Look for items of our members that have no connection."""
    discover.discover()


@shared_task(name="banking.remind_of_consents")
def remind_of_consents() -> None:
    """Say which consents end soon."""
    consents.remind()


@shared_task(name="banking.refresh_directory")
def refresh_directory() -> None:
    """Read connectors and categories anew."""
    directory.refresh()
