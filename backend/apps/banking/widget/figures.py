"""Counts what happens to the widget in browsers: by hour, kind, code and version, without a trace of who it was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q, Sum
from django.utils import timezone
from prometheus_client import Counter, Histogram

from apps.banking.models import WidgetFigure

KEPT_DAYS = 400
Kind = WidgetFigure.Kind

REPORTS = Counter(
    "ponte_connect_reports", "What browsers reported about the connect widget.", ["kind", "code", "version"]
)
SDK_SECONDS = Histogram(
    "ponte_connect_sdk_seconds",
    "Loads of the widget's script: how many, and seconds until it was there.",
    ["version"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
# connect/token.py measures these itself.
OF_THE_SERVER = (Kind.TOKEN_MADE, Kind.TOKEN_FAILED)

# One statement, so that many browsers at once lose no count.
_ADD = """
INSERT INTO banking_widgetfigure (hour, kind, code, sdk_version, count, total_ms)
VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', %s, %s, %s, 1, %s)
ON CONFLICT (hour, kind, code, sdk_version) DO UPDATE
SET count = banking_widgetfigure.count + 1, total_ms = banking_widgetfigure.total_ms + excluded.total_ms
"""


def count(kind: str, version: str, *, code: str = "", milliseconds: int = 0) -> None:
    """Count one thing that happened. The caller has checked that all of it is known."""
    if kind not in OF_THE_SERVER:
        REPORTS.labels(kind, code, version).inc()
    if kind == Kind.SDK_LOADED:
        SDK_SECONDS.labels(version).observe(milliseconds / 1000)
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [kind, code, version, milliseconds])


@dataclass(frozen=True)
class WidgetHealth:
    """How well connecting worked. A rate is None while nothing was counted, a mean too."""

    loaded: int
    load_failed: int
    load_rate: float | None
    load_ms: float | None
    opened: int
    succeeded: int
    failed: int
    closed: int
    tokens: int
    tokens_failed: int
    token_ms: float | None
    failures: list[tuple[str, str, int]]
    versions: list[tuple[str, int, int]]


def widget_health(since: datetime | None = None) -> WidgetHealth:
    """The figures since `since` (default: the last 24 hours). Three queries, however many reports there were.

    `failures` has (kind, code, count), most first; `versions` has (version, loads, failed loads)."""
    rows = WidgetFigure.objects.filter(hour__gte=since or timezone.now() - timedelta(hours=24))
    sums = {kind: (number, ms) for kind, number, ms in rows.values_list("kind").annotate(Sum("count"), Sum("total_ms"))}
    numbers = {kind: sums.get(kind, (0, 0))[0] for kind in Kind.values}
    return WidgetHealth(
        loaded=numbers[Kind.SDK_LOADED],
        load_failed=numbers[Kind.SDK_FAILED],
        load_rate=_ratio(numbers[Kind.SDK_LOADED], numbers[Kind.SDK_LOADED] + numbers[Kind.SDK_FAILED]),
        load_ms=_ratio(sums.get(Kind.SDK_LOADED, (0, 0))[1], numbers[Kind.SDK_LOADED]),
        opened=numbers[Kind.OPENED],
        succeeded=numbers[Kind.SUCCEEDED],
        failed=numbers[Kind.FAILED],
        closed=numbers[Kind.CLOSED],
        tokens=numbers[Kind.TOKEN_MADE],
        tokens_failed=numbers[Kind.TOKEN_FAILED],
        token_ms=_ratio(sums.get(Kind.TOKEN_MADE, (0, 0))[1], numbers[Kind.TOKEN_MADE]),
        failures=list(
            rows.filter(kind__in=(Kind.SDK_FAILED, Kind.FAILED, Kind.TOKEN_FAILED))
            .values_list("kind", "code")
            .annotate(number=Sum("count"))
            .order_by("-number", "kind", "code")[:20]
        ),
        versions=list(
            rows.filter(kind__in=(Kind.SDK_LOADED, Kind.SDK_FAILED))
            .values_list("sdk_version")
            .annotate(
                loads=Sum("count", filter=Q(kind=Kind.SDK_LOADED), default=0),
                failures=Sum("count", filter=Q(kind=Kind.SDK_FAILED), default=0),
            )
            .order_by(F("loads").desc(), "sdk_version")
        ),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def purge_figures() -> int:
    """Delete figures older than 400 days. Returns how many rows."""
    return WidgetFigure.objects.filter(hour__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]
