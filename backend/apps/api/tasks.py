"""The task of the API."""

from celery import shared_task

from apps.api.jwt import forget_expired


@shared_task(name="api.forget_logins")
def forget_logins() -> None:
    """Delete the ids of refresh tokens that have expired."""
    forget_expired()
