"""The card of sends on the admin's first page."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.clients.browse.cards import Card, Figure, number
from apps.clients.browse.columns import list_of
from apps.integrations.models import Integration, Send

# Counting goes no further.
COUNTED = 1_000


def sends(request: HttpRequest) -> Card:
    """What failed today, what nobody knows of, what waits, and integrations that do not work. Partial indexes count."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    recent = Send.objects.filter(created_at__gte=today)
    broken = Integration.objects.exclude(status=Integration.Status.CONNECTED)
    return Card(
        _("Sends"),
        [
            _figure(_("failed today"), recent.filter(state="failed"), list_of(Send, state="failed"), "danger"),
            _figure(_("unknown today"), recent.filter(state="unknown"), list_of(Send, state="unknown"), "warning"),
            _figure(_("waiting"), Send.objects.filter(state="queued"), list_of(Send, state="queued"), ""),
            _figure(_("integrations that do not work"), broken, list_of(Integration), "warning"),
        ],
    )


def _figure(label: str, rows: Any, url: str, tone: str) -> Figure:
    counted = rows.order_by()[:COUNTED].count()
    text = number(counted) if counted < COUNTED else f"{number(COUNTED)}+"
    return Figure(label, text, url, tone if counted else "")
