"""The tasks of clients."""

from celery import shared_task

from apps.clients import erasure, personal_data


@shared_task(name="clients.erase")
def erase() -> None:
    """Go on with the clients that their owners want erased."""
    erasure.go_on()


@shared_task(name="clients.purge")
def purge() -> None:
    """Delete what is too old in all tables that the registry of personal data names."""
    personal_data.purge()
