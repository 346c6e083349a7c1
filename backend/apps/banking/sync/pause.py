"""What staff do with one connection: read it now, pause it, go on, or ask its user to connect again."""

from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.verdict import Action
from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.banking.sync import reconcile
from apps.banking.sync.item_events import request_sync
from lib.errors import ErrorType

MARKED = "MARKED_BY_STAFF"

State = Connection.State


def sync_now(connection: Connection) -> bool:
    """Let a worker visit the item and read what its last run brought. False if the connection is paused or deleted."""
    if connection.paused_at or connection.deleted_at:
        return False
    with transaction.atomic():
        request_sync(connection)
    return True


def compare(connection: Connection) -> bool:
    """Let a worker list everything and compare. False if the connection is paused."""
    if connection.paused_at:
        return False
    reconcile.request(connection, full=True)
    return True


def pause(connection: Connection) -> bool:
    """Stop reading the item: no comparison, no polling, no sync. False if it was paused already."""
    rows = Connection.objects.filter(pk=connection.pk, paused_at=None, deleted_at=None)
    return rows.update(paused_at=timezone.now()) == 1


def resume(connection: Connection) -> bool:
    """Read the item again, beginning with everything that it missed. False if it was not paused."""
    with transaction.atomic():
        if not Connection.objects.filter(pk=connection.pk, paused_at__isnull=False).update(paused_at=None):
            return False
        reconcile.request(connection, full=True)
    return True


def mark_for_reconnect(connection: Connection) -> bool:
    """Say that the user must connect the bank again, and announce it. The item's next good run takes it back."""
    marked = {"state": State.NEEDS_USER, "action": str(Action.RECONNECT), "error_code": MARKED}
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(pk=connection.pk, deleted_at=None).first()
        if row is None or (row.state, row.error_code) == (State.NEEDS_USER, MARKED):
            return False
        error_type = str(ErrorType.AUTHENTICATION_ERROR)
        Connection.objects.filter(pk=row.pk).update(**marked, error_type=error_type, updated_at=timezone.now())
        payload = {"action": marked["action"], "error_type": error_type, "error_code": MARKED}
        announce("connection.needs_user", row, payload)
    return True
