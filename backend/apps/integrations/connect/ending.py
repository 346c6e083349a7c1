"""Ending a client's integrations at their vendors before its rows are erased: a worker revokes each access."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.events.emit import emit
from apps.events.models import Event
from apps.events.work import Batch
from apps.integrations.connect.verbs import disconnect
from apps.integrations.faults import as_ponte
from apps.integrations.models import Integration
from lib.row_security import client_rows
from plugfn.errors import NoConnection, PlugFnError

KIND = "integration.disconnect"
# A worker is asked again after this time if it gave up.
ASK_AGAIN = timedelta(hours=1)


def end_all(client: UUID) -> int:
    """Ask workers to disconnect the client's integrations. Returns how many are left. It may be asked again."""
    with client_rows(client):
        rows = list(Integration.objects.filter(client_id=client).only("pk", "client_id"))
        for row in rows:
            if not _is_asked(row):
                emit(KIND, mailbox=_mailbox(row), client=client, payload={"integration": str(row.pk)})
    return len(rows)


def mailboxes(client: UUID) -> list[str]:
    """Where events of the client's integrations wait, also those that name no client."""
    with client_rows(client):
        return [_mailbox(row) for row in Integration.objects.filter(client_id=client).only("pk")]


def end_one(batch: Batch) -> str:
    """The handler: revoke the access at the vendor where that is possible, and delete the integration."""
    event = batch.events[0]
    integration = _found(event)
    if integration is None:
        return "gone"
    batch.renew()
    try:
        return disconnect(integration)
    except NoConnection:
        return "gone"
    except PlugFnError as error:
        raise as_ponte(error) from error


def _found(event: Event) -> Integration | None:
    if event.client_id is None:
        return None
    with client_rows(event.client_id):
        return Integration.objects.filter(pk=event.data["integration"]).first()


def _is_asked(row: Integration) -> bool:
    own = Event.objects.filter(mailbox=_mailbox(row), kind=KIND)
    recent = timezone.now() - ASK_AGAIN
    return own.filter(state=Event.State.PENDING).exists() or own.filter(received_at__gt=recent).exists()


def _mailbox(row: Integration) -> str:
    return f"integration:{row.pk.hex}"
