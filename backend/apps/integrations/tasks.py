"""Integrations' Celery tasks. Each kind of event in settings.EVENT_TASKS has one; its arguments name the mailboxes."""

from celery import shared_task

from apps.events.together import process_together
from apps.events.work import process
from apps.integrations.connect.ending import KIND as DISCONNECT
from apps.integrations.connect.ending import end_one
from apps.integrations.incoming import work
from apps.integrations.incoming.delivery import KIND
from apps.integrations.sending.deliver import deliver, deliver_together


@shared_task(name="process_send_requested")
def process_send_requested(*mailboxes: str) -> None:
    """Somebody asked for sends through one integration: make the calls."""
    process_together(mailboxes, "send.requested", deliver_together, deliver)


@shared_task(name="process_integration_event")
def process_integration_event(mailbox: str) -> None:
    """A vendor posted events: apply them."""
    process(mailbox, KIND, work.handle)


@shared_task(name="process_integration_disconnect")
def process_integration_disconnect(mailbox: str) -> None:
    """A client is being erased: end its access at the vendor."""
    process(mailbox, DISCONNECT, end_one)
