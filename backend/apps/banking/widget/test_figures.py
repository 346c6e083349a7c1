"""The sums of what happens to the widget, and the health that they show."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.banking.models import WidgetFigure
from apps.banking.tasks import purge_widget_figures
from apps.banking.widget.figures import Kind, count, widget_health

pytestmark = pytest.mark.django_db
VERSION = "v2.9.2"


def test_what_happens_in_one_hour_is_one_row_for_each_kind_code_and_version():
    for version, code, times in ((VERSION, "TIMEOUT", 2), (VERSION, "NETWORK", 1), ("v2.8.1", "TIMEOUT", 1)):
        for _ in range(times):
            count(Kind.SDK_FAILED, version, code=code, milliseconds=10_000)
    rows = set(WidgetFigure.objects.values_list("sdk_version", "code", "count", "total_ms"))
    assert rows == {(VERSION, "TIMEOUT", 2, 20_000), (VERSION, "NETWORK", 1, 10_000), ("v2.8.1", "TIMEOUT", 1, 10_000)}


def test_an_hour_begins_at_its_full_hour():
    count(Kind.OPENED, VERSION)
    hour = WidgetFigure.objects.get().hour
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)
    assert timedelta(0) <= timezone.now() - hour < timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_reports_at_the_same_moment_are_all_counted():
    def report(_: int) -> None:
        count(Kind.OPENED, VERSION)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(report, range(20)))
    assert WidgetFigure.objects.get().count == 20


def test_health_says_how_often_the_script_loaded_and_how_fast(django_assert_num_queries):
    for milliseconds in (100, 300, 200):
        count(Kind.SDK_LOADED, VERSION, milliseconds=milliseconds)
    count(Kind.SDK_FAILED, VERSION, code="NETWORK", milliseconds=50)
    count(Kind.TOKEN_MADE, VERSION, milliseconds=400)
    count(Kind.FAILED, VERSION, code="ACCOUNT_LOCKED")
    with django_assert_num_queries(3):
        health = widget_health()
    assert (health.loaded, health.load_failed, health.load_rate, health.load_ms) == (3, 1, 0.75, 200)
    assert (health.tokens, health.tokens_failed, health.token_ms, health.failed) == (1, 0, 400, 1)
    assert health.failures == [("failed", "ACCOUNT_LOCKED", 1), ("sdk_failed", "NETWORK", 1)]
    assert health.versions == [(VERSION, 3, 1)]


def test_before_anything_was_counted_there_are_no_rates():
    health = widget_health()
    assert (health.load_rate, health.load_ms, health.token_ms, health.opened) == (None, None, None, 0)


def test_only_the_hours_asked_for_count():
    old = timezone.now() - timedelta(hours=30)
    WidgetFigure.objects.create(hour=old, kind=Kind.OPENED, sdk_version=VERSION, count=5)
    count(Kind.OPENED, VERSION)
    assert (widget_health().opened, widget_health(old).opened) == (1, 6)


def test_old_sums_are_deleted():
    for days in (399, 401):
        hour = timezone.now() - timedelta(days=days)
        WidgetFigure.objects.create(hour=hour, kind=Kind.OPENED, sdk_version=VERSION, count=days)
    purge_widget_figures()
    assert list(WidgetFigure.objects.values_list("count", flat=True)) == [399]
