"""A vendor says that an account was linked or unlinked: the integration's status follows."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from apps.events.emit import emit
from apps.events.models import Event
from apps.integrations.models import Integration

Status = Integration.Status
# The code of the error that people see.
UNLINKED = "disconnected"


def connection_changed(integration: Integration, payload: Mapping[str, Any], event: Event) -> None:
    """Store the status and announce it. A vendor's word does not replace credentials that it refuses."""
    status = _status(payload)
    row = Integration.objects.select_for_update(no_key=True).filter(pk=integration.pk).first()
    if row is None or status is None or row.status in (status, Status.NEEDS_REAUTH):
        return
    before, row.status = row.status, status
    row.last_error = UNLINKED if status == Status.DISCONNECTED else ""
    row.last_error_at = timezone.now() if row.last_error else row.last_error_at
    row.save(update_fields=["status", "last_error", "last_error_at"])
    emit(
        "integration.changed",
        mailbox=f"integration:{row.pk.hex}",
        client=row.client_id,
        payload={"integration": str(row.pk), "status": str(status), "before": before},
        caused_by=event,
    )


def _status(payload: Mapping[str, Any]) -> Status | None:
    """None while the account is being linked: neither is true then."""
    if payload.get("ready") is True:
        return Status.CONNECTED
    return Status.DISCONNECTED if payload.get("state") == "disconnected" else None
