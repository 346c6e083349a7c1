"""GET /metrics: every figure, and the counters of several processes as one."""

import os
import re
import signal
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from prometheus_client.parser import text_string_to_metric_families

from apps.banking.aggregators.calls import counter
from apps.banking.connect.token import TOKENS
from apps.banking.factories import ConnectionFactory
from apps.banking.models import SyncRun, WidgetFigure
from apps.banking.widget.figures import count
from apps.events.accept import Incoming, accept
from apps.events.models import Event
from apps.integrations.factories import call_row, integration_row, send_row
from apps.reliability import heartbeat
from apps.reliability.metrics import render
from core.documents import document

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-metrics-token-for-tests-alone"
WEBHOOKS = "/api/banking/webhooks/pluggy/"


def read(text: str | None = None) -> dict[tuple, float]:
    """{(name, label values…): value} of a page, by default of our own."""
    families = text_string_to_metric_families(render().decode() if text is None else text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def put(event_id: str, kind: str = "item/updated") -> None:
    accept(Incoming("test", event_id, kind, "m", b"{}"))


def test_the_books_are_shown_and_balanced():
    put("1"), put("2"), put("3", "payment_intent/created")
    Event.objects.filter(event_id="2").update(state="dead", finished_at=timezone.now())
    metrics = read()
    states = {state: metrics["ponte_events", state] for state in ("accepted", "done", "pending", "dead", "purged")}
    assert states == {"accepted": 3, "done": 1, "pending": 1, "dead": 1, "purged": 0}
    assert metrics["ponte_books_balanced",] == 1


def test_a_lost_event_unbalances_the_books():
    put("1")
    Event.objects.all().delete()
    assert read()["ponte_books_balanced",] == 0


def test_pending_events_and_queued_messages_are_shown():
    put("1")
    Event.objects.update(received_at=timezone.now() - timedelta(seconds=60))
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.lpush("sync", "{}", "{}")
    heartbeat.beat("worker@a"), heartbeat.beat("worker@b")
    metrics = read()
    assert 60 <= metrics["ponte_events_oldest_pending_seconds",] < 70
    assert metrics["ponte_queue_depth", "sync"] == 2
    assert metrics["ponte_queue_depth", "background"] == 0
    assert metrics["ponte_workers",] == 2
    assert {name: metrics["ponte_up", name] for name in ("database", "redis", "celery")} == dict.fromkeys(
        ("database", "redis", "celery"), 1
    )


def test_connections_are_counted_by_state_and_the_syncs_of_the_last_day_by_result():
    member = ConnectionFactory(state="active")
    ConnectionFactory(state="needs_user")
    now = timezone.now()
    for state, error, hours in (("done", "", 1), ("done", "", 2), ("failed", "bank_maintenance", 3), ("done", "", 30)):
        SyncRun.objects.create(
            client=member.client,
            connection=member,
            cause="item/updated",
            state=state,
            error_type=error,
            started_at=now - timedelta(hours=hours),
            finished_at=now,
        )
    metrics = read()
    assert metrics["ponte_connections", "active"] == metrics["ponte_connections", "needs_user"] == 1
    assert metrics["ponte_connections", "outdated"] == 0
    assert metrics["ponte_syncs_last_day", "", "done"] == 2
    assert metrics["ponte_syncs_last_day", "bank_maintenance", "failed"] == 1


def test_calls_of_workers_are_counted():
    broker = redis.Redis.from_url(settings.REDIS_URL)
    count = counter(broker, "pluggy")
    count("item", "200", 0.25), count("item", "200", 0.5), count("item", "timeout", 1)
    metrics = read()
    assert metrics["ponte_api_calls_total", "pluggy", "item", "200"] == 2
    assert metrics["ponte_api_calls_total", "pluggy", "item", "timeout"] == 1
    assert metrics["ponte_api_call_seconds_total", "pluggy", "item"] == 1.75


def test_the_page_names_no_client_no_item_and_no_secret():
    bank = ConnectionFactory()
    put("an-event-id")
    text = render().decode()
    for word in (bank.vendor_id, str(bank.client_id), "an-event-id", settings.PLUGGY_CLIENT_SECRET, settings.REDIS_URL):
        assert word not in text


def test_the_documented_metrics_are_those_of_the_page():
    metrics = document("docs/operations.md").table("Metric", "Kind", "Says")
    documented = {metric.strip("`").partition("{")[0] for metric, *_ in metrics}
    put("1")
    counter(redis.Redis.from_url(settings.REDIS_URL), "pluggy")("item", "200", 0.1)
    every = IntervalSchedule.objects.create(every=10, period="seconds")
    PeriodicTask.objects.create(name="sweep", task="events.sweep", interval=every, last_run_at=timezone.now())
    SyncRun.objects.create(client=(bank := ConnectionFactory()).client, connection=bank, cause="item/updated")
    row = integration_row(bank.client)
    send_row(row, state="sent")
    call_row(row)
    Client().post(WEBHOOKS)
    TOKENS.labels("made").observe(0.1)
    count(WidgetFigure.Kind.SDK_LOADED, "v2.9.2", milliseconds=100)
    shown = {name for name, *_ in read() if name.startswith("ponte_") and not name.endswith("_created")}
    assert {re.sub(r"_seconds_(bucket|count|sum)$", "_seconds", name) for name in shown} == documented


# --- with the shipped server ---


def test_the_counters_of_several_processes_are_summed_and_survive_a_process(start_web, wait_until):
    web = start_web(WEB_CONCURRENCY="3", METRICS_TOKEN=TOKEN)
    secret = {"Authorization": f"Bearer {settings.PLUGGY_WEBHOOK_SECRETS[0]}"}
    for number in range(40):
        body = {"event": "item/updated", "eventId": f"e-{number % 30}", "itemId": str(uuid.uuid4())}
        # Each request has its own connection, so that the kernel spreads them over the processes.
        answer = requests.post(web.url + WEBHOOKS, json=body, headers=secret, timeout=10)
        assert answer.status_code == 200
    requests.post(web.url + WEBHOOKS, json={}, timeout=10)

    def scrape() -> dict:
        return read(web.get("/metrics", Authorization=f"Bearer {TOKEN}").text)

    assert web.get("/metrics").status_code == 401
    before = scrape()
    assert before["ponte_webhook_seconds_count", "accepted"] == 30
    assert before["ponte_webhook_seconds_count", "duplicate"] == 10
    assert before["ponte_webhook_seconds_count", "unauthorized"] == 1
    assert before["ponte_events", "accepted"] == 30
    os.kill(_workers(web.process.pid)[0], signal.SIGKILL)
    wait_until(
        lambda: scrape()["ponte_webhook_seconds_count", "accepted"] == 30, 20, "the same figure after a worker's death"
    )


def _workers(master: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def _folder_of_counters(web) -> Path:
    requests.post(web.url + WEBHOOKS, json={}, timeout=10)
    pids = _workers(web.process.pid)
    end = time.monotonic() + 10  # a process counts a moment after it has answered
    while time.monotonic() < end:
        opened = {entry.readlink() for pid in pids for entry in Path(f"/proc/{pid}/map_files").iterdir()}
        if folders := {file.parent for file in opened if file.suffix == ".db"}:
            return folders.pop()
    raise AssertionError("no process counts")


def test_the_server_leaves_no_folder_of_counters_behind(start_web):
    web = start_web()
    folder = _folder_of_counters(web)
    assert folder.stat().st_mode & 0o077 == 0
    web.process.terminate()
    web.process.wait(30)
    assert not folder.exists()


def test_a_configured_folder_is_emptied_at_the_start_and_not_removed(start_web, tmp_path):
    left_over = tmp_path / "metrics" / "counter_1.db"
    left_over.parent.mkdir()
    left_over.write_bytes(b"not a counter")
    web = start_web(PROMETHEUS_MULTIPROC_DIR=str(left_over.parent), PUBLIC_URL="http://127.0.0.1")
    assert not left_over.exists()
    assert web.get("/metrics").headers["Content-Type"].startswith("text/plain")
    web.process.terminate()
    web.process.wait(30)
    assert left_over.parent.exists()
