"""The cards of the mailbox on the admin's first page."""

from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.clients.browse.cards import Card, Figure, number
from apps.clients.browse.columns import list_of
from apps.events.models import Event, Hour
from apps.events.rollup import HOUR, whole_hour
from lib.pages.charts import Point, column_chart

HOURS = 48
MOST = 6


def accepts(request: HttpRequest) -> Card:
    """Events accepted by hour, and of which kinds."""
    now = whole_hour(timezone.now())
    since = now - (HOURS - 1) * HOUR
    by_hour = dict(Hour.objects.filter(kind="", source="", hour__gte=since).values_list("hour", "accepted"))
    points = [_point(hour, by_hour.get(hour, 0)) for hour in (since + n * HOUR for n in range(HOURS))]
    last_day = sum(accepted for hour, accepted in by_hour.items() if hour > now - timedelta(days=1))
    figures = [
        Figure(_("this hour"), number(by_hour.get(now, 0)), list_of(Event)),
        Figure(_("last 24 hours"), number(last_day), list_of(Event)),
        *_kinds(now - timedelta(days=1)),
    ]
    return Card(_("Events accepted by hour"), figures, column_chart(points, _("Events accepted by hour")), wide=True)


def _kinds(since: Any) -> list[Figure]:
    kinds = Hour.objects.filter(hour__gt=since).exclude(kind="").values_list("kind").annotate(n=Sum("accepted"))
    return [Figure(kind, number(n), list_of(Event, kind=kind)) for kind, n in kinds.order_by("-n")[:MOST]]


def _point(hour: Any, accepted: int) -> Point:
    local = timezone.localtime(hour)
    return Point(date_format(local, "d/m H:i"), accepted, number(accepted))
