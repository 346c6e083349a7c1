"""The cards of banks on the admin's first page: connections, syncs, errors, institutions, the rate budget."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.banking.admin.shared import CONNECTION_TONES
from apps.banking.models import Connection, ConnectionHour, Connector, SyncHour, SyncRun, WidgetFigure
from apps.banking.widget.figures import widget_health
from apps.clients.browse.cards import Card, Figure, number
from apps.clients.browse.columns import list_of
from apps.events.rollup import HOUR, whole_hour
from lib.errors import Temporary
from lib.pages.charts import Bar, Point, bar_chart, column_chart
from lib.pages.display import percent
from lib.ratelimit import read_use

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MOST = 8


def connections(request: HttpRequest) -> Card:
    """Connections by state, as they were last counted."""
    last = ConnectionHour.objects.aggregate(last=Max("hour"))["last"]
    counted = dict(ConnectionHour.objects.filter(hour=last).values_list("state", "connections"))
    figures = [
        Figure(label, number(counted.get(value, 0)), list_of(Connection, state=value), CONNECTION_TONES[value])
        for value, label in Connection.State.choices
    ]
    paused = Connection.objects.filter(paused_at__isnull=False)[:1000].count()
    figures.append(Figure(_("paused"), number(paused), list_of(Connection, paused="yes")))
    note = "" if last else _("Not counted yet. Beat and a worker must run.")
    return Card(gettext_lazy("Connections by state"), figures, note=note)


def syncs(request: HttpRequest) -> Card:
    """The syncs of the last day, and how many of them succeeded."""
    now = whole_hour(timezone.now())
    rows = SyncHour.objects.filter(hour__gt=now - DAY).exclude(state="")
    counted = {
        state: (runs, seconds)
        for state, runs, seconds in rows.values_list("state").annotate(Sum("runs"), Sum("seconds"))
    }
    done, partial, failed, running = (counted.get(name, (0, 0))[0] for name in ("done", "partial", "failed", "running"))
    ended = done + partial + failed
    rate = percent(100 * (done + partial) / ended) if ended else "–"
    seconds = sum(counted.get(name, (0, 0))[1] for name in ("done", "partial", "failed"))
    mean = f"{number_format(seconds / ended, 1)} s" if ended else "–"
    figures = [
        Figure(_("succeeded"), rate, list_of(SyncRun, state="done"), _tone(done + partial, ended)),
        Figure(_("done"), number(done), list_of(SyncRun, state="done")),
        Figure(_("partial"), number(partial), list_of(SyncRun, state="partial")),
        Figure(_("failed"), number(failed), list_of(SyncRun, state="failed")),
        Figure(_("running"), number(running), list_of(SyncRun, state="running")),
        Figure(_("a sync takes"), mean),
    ]
    return Card(gettext_lazy("Syncs of the last 24 hours"), figures, _sync_chart(now))


def _sync_chart(now: datetime) -> str:
    hours = dict(SyncHour.objects.filter(hour__gt=now - DAY, state="").values_list("hour", "runs"))
    return column_chart(
        [_at(now - n * HOUR, hours.get(now - n * HOUR, 0)) for n in range(23, -1, -1)], _("Syncs by hour")
    )


def errors(request: HttpRequest) -> Card:
    """Kinds of errors of the last week, and how many failed syncs each day had."""
    now = timezone.now()
    rows = SyncHour.objects.filter(hour__gt=now - WEEK, state__in=("failed", "partial")).exclude(error_type="")
    by_type: dict[str, int] = defaultdict(int)
    by_day: dict[Any, int] = defaultdict(int)
    for hour, error_type, runs in rows.values_list("hour", "error_type").annotate(Sum("runs")):
        by_type[error_type] += runs
        by_day[timezone.localdate(hour)] += runs
    days = [timezone.localdate(now) - n * DAY for n in range(6, -1, -1)]
    points = [Point(date_format(day, "d/m"), by_day[day], number(by_day[day])) for day in days]
    ordered = sorted(by_type.items(), key=lambda pair: -pair[1])
    top = ordered[0][1] if ordered else 1
    bars = [Bar(kind, number(n), n / top, list_of(SyncRun, error_type=kind), "accent") for kind, n in ordered[:MOST]]
    chart = bar_chart(bars, _("Kinds of errors")) + column_chart(points, _("Failed syncs by day")) if bars else ""
    return Card(gettext_lazy("Errors of the last 7 days"), chart=chart, note="" if bars else _("No errors."))


def institutions(request: HttpRequest) -> Card:
    """The banks whose syncs failed most often in the last week, by share of their syncs."""
    rows = SyncHour.objects.filter(hour__gt=timezone.now() - WEEK, connector__gt=0)
    counted = rows.values_list("connector").annotate(failed=Sum("runs", filter=Q(state="failed")), all=Sum("runs"))
    failing = counted.filter(failed__gt=0).order_by("-failed")[:MOST]
    names = dict(Connector.objects.filter(pk__in=[pk for pk, *_ in failing]).values_list("pk", "name"))
    bars = [
        Bar(
            names.get(pk, str(pk)),
            f"{number(failed)} / {number(runs)}",
            failed / runs,
            list_of(Connection, connector=pk),
        )
        for pk, failed, runs in failing
    ]
    note = _("Failed of all syncs, in 7 days.") if bars else _("No bank failed in the last 7 days.")
    return Card(gettext_lazy("Banks that fail most"), chart=bar_chart(bars, _("Banks that fail most")), note=note)


def budgets(request: HttpRequest) -> Card:
    """How much of each rate budget is used now."""
    try:
        used = read_use("pluggy:")
    except Temporary:
        return Card(gettext_lazy("Rate budgets"), note=_("Valkey does not answer."))
    bars = [
        Bar(use.name.rpartition(":")[2], f"{use.used} / {use.limit}", use.used / use.limit)
        for use in sorted(used, key=lambda use: -use.used / use.limit)[:MOST]
    ]
    note = _("Calls to Pluggy of the last minute, of those allowed.") if bars else _("No call in the last minute.")
    return Card(gettext_lazy("Rate budgets"), chart=bar_chart(bars, _("Rate budgets")), note=note)


def _at(hour: datetime, runs: int) -> Point:
    return Point(date_format(timezone.localtime(hour), "d/m H:i"), runs, number(runs))


def _tone(good: int, ended: int) -> str:
    if not ended:
        return ""
    return "success" if good / ended >= 0.95 else "warning" if good / ended >= 0.8 else "danger"


def widget(request: HttpRequest) -> Card:
    """How well people connect banks in the widget, in the last day."""
    health = widget_health()
    title = _("Connect widget, last 24 hours")
    if not (health.loaded or health.load_failed or health.opened or health.tokens or health.tokens_failed):
        return Card(title, note=_("No data yet: nobody has opened the widget."))
    kinds = WidgetFigure.Kind
    figures = [
        Figure(_("script loaded"), _percent(health.load_rate), list_of(WidgetFigure), _rate_tone(health.load_rate)),
        Figure(_("opened"), number(health.opened), list_of(WidgetFigure, kind=kinds.OPENED.value)),
        Figure(_("succeeded"), number(health.succeeded), list_of(WidgetFigure, kind=kinds.SUCCEEDED.value), "success"),
        Figure(_("failed"), number(health.failed), list_of(WidgetFigure, kind=kinds.FAILED.value)),
        Figure(_("closed"), number(health.closed), list_of(WidgetFigure, kind=kinds.CLOSED.value)),
        Figure(_("tokens refused"), number(health.tokens_failed), list_of(WidgetFigure, kind=kinds.TOKEN_FAILED.value)),
    ]
    return Card(title, figures)


def _percent(rate: float | None) -> str:
    return "–" if rate is None else percent(100 * rate)


def _rate_tone(rate: float | None) -> str:
    return "" if rate is None else "success" if rate >= 0.95 else "danger"
