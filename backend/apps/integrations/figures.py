"""Counts of integrations, sends and calls, for health, metrics and the first page of the admin. They name no client."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, F, Min, Q, Value, When
from django.utils import timezone

from apps.integrations.catalogue import ENTRIES
from apps.integrations.models import ActionLog, Integration, Send
from lib.row_security import system_rows

HOUR = timedelta(hours=1)
WAITING = (Send.State.QUEUED, Send.State.SENDING)
# Both kinds of e-mail count as one.
_KIND = Case(When(type__startswith="email_", then=Value("email")), default=F("type"))
KINDS = tuple(dict.fromkeys("email" if entry.channel == "email" else entry.type for entry in ENTRIES))


@dataclass(frozen=True)
class Figures:
    """`sends` and `calls` are those of the last hour. `oldest_waiting_seconds`: since the oldest unfinished send was
    asked for."""

    integrations: dict[tuple[str, str], int]
    sends: dict[tuple[str, str], int]
    calls: dict[tuple[str, str], int]
    oldest_waiting_seconds: float


def read_health() -> dict[str, dict[str, int]]:
    """By kind: clients that have one, clients with one that works, and clients with one that does not. One query."""
    works = Q(status=Integration.Status.CONNECTED)
    clients = {
        "configured_clients": Count("client", distinct=True),
        "connected": Count("client", distinct=True, filter=works),
        "errors": Count("client", distinct=True, filter=~works),
    }
    with system_rows("health of integrations"):
        rows = Integration.objects.annotate(kind=_KIND).values("kind").annotate(**clients).order_by()
        counted = {
            kind: dict(zip(clients, counts, strict=True)) for kind, *counts in rows.values_list("kind", *clients)
        }
    nothing = dict.fromkeys(clients, 0)
    return {kind: counted.get(kind, nothing) for kind in KINDS}


def read_figures() -> Figures:
    """Count. The cost grows with what happened in the last hour, and with the integrations."""
    since = timezone.now() - HOUR
    with system_rows("figures of integrations"):
        return Figures(
            _pairs(Integration.objects.annotate(shown=_shown_status()), "type", "shown"),
            _pairs(Send.objects.filter(created_at__gt=since), "channel", "state"),
            _pairs(ActionLog.objects.filter(started_at__gt=since), "provider", "outcome"),
            _oldest_waiting(),
        )


def _shown_status() -> Case:
    return Case(When(paused_at__isnull=False, then=Value("paused")), default=F("status"))


def _pairs(rows: Any, *names: str) -> dict[tuple[str, str], int]:
    return {
        (first, second): number for first, second, number in rows.values_list(*names).annotate(Count("pk")).order_by()
    }


def _oldest_waiting() -> float:
    oldest = Send.objects.filter(state__in=WAITING).aggregate(oldest=Min("created_at"))["oldest"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0
