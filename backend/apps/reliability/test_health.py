"""GET /health: correct, and quick even if a server hangs."""

import os
import re
import signal
import socket
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.events.accept import Incoming, accept
from apps.events.models import Event
from apps.reliability import health, heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


def put(event_id: str, kind: str = "item/updated") -> None:
    accept(Incoming("test", event_id, kind, f"m-{event_id}", b"{}"))


def get(path: str = "/health"):
    return Client().get(path)


def test_if_everything_is_up_it_is_healthy():
    heartbeat.beat("worker@test")
    answer = get()
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "healthy"
    assert body["services"] == {"database": "up", "redis": "up", "celery": "up"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timestamp"])
    assert answer["Cache-Control"] == "no-store"


def test_it_shows_pending_and_dead_events_and_how_long_they_wait():
    for name in ("1", "2", "3"):
        put(name)
    put("unhandled", "payment_intent/created")
    Event.objects.filter(event_id="1").update(received_at=timezone.now() - timedelta(seconds=90))
    Event.objects.filter(event_id="2").update(available_at=timezone.now() - timedelta(seconds=40))
    Event.objects.filter(event_id="3").update(state="dead", finished_at=timezone.now())
    mailbox = get().json()["mailbox"]
    assert (mailbox["pending"], mailbox["dead"]) == (2, 1)
    assert 90 <= mailbox["oldest_pending_seconds"] < 100
    assert 40 <= mailbox["overdue_seconds"] < 50
    assert set(mailbox["queues"]) == {"sync", "quick", "background"}


def test_an_event_that_is_due_later_is_pending_but_not_overdue():
    put("1")
    Event.objects.update(
        received_at=timezone.now() - timedelta(days=2), available_at=timezone.now() + timedelta(hours=1)
    )
    mailbox = get().json()["mailbox"]
    assert mailbox["oldest_pending_seconds"] > 170_000
    assert mailbox["overdue_seconds"] == 0


def test_without_a_worker_it_is_degraded_and_answers_200():
    answer = get()
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["services"] == {"database": "up", "redis": "up", "celery": "down"}


def test_a_worker_with_an_old_heartbeat_is_not_up():
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.zadd(heartbeat.KEY, {"worker@frozen": time.time() - heartbeat.ALIVE_SECONDS - 2})
    assert get().json()["services"]["celery"] == "down"


def test_overdue_events_degrade_it():
    heartbeat.beat("worker@test")
    put("1")
    Event.objects.update(available_at=timezone.now() - timedelta(seconds=health.OVERDUE_SECONDS + 5))
    assert get().json()["status"] == "degraded"


def test_the_body_holds_only_fixed_words_and_figures():
    put("1")
    body = get().json()
    assert set(body) == {"status", "services", "mailbox", "timestamp"}
    assert set(body["services"].values()) <= {"up", "down"}
    queues = body["mailbox"].pop("queues")
    assert all(isinstance(figure, int | float) for figure in [*queues.values(), *body["mailbox"].values()])


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(method):
    assert getattr(Client(), method)("/health").status_code == 405


def test_many_requests_cost_the_database_one_query(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(health.DATABASE, "_fresh", 60.0)  # longer than twenty requests take on a busy machine
    get()
    begun = health.DATABASE.begin()
    with django_assert_num_queries(0):
        for _ in range(20):
            get()
    assert health.DATABASE.begin() is begun


# --- with real servers ---


def timed(web, path: str = "/health"):
    """The answer, and the shortest of several times: a hanging server is slow every time, a busy machine is not."""
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        answer = web.get(path)
        seconds.append(time.monotonic() - began)
    return answer, min(seconds)


def test_the_shipped_server_answers_under_any_host_without_tls_and_without_a_cookie(start_web):
    web = start_web(SECURE_SSL_REDIRECT="true")
    for path in ("/health", "/health/live"):
        answer = web.get(path, Host="10.1.2.3:8080")
        assert answer.status_code == 200
        assert not answer.cookies
        assert answer.headers["Content-Length"] == str(len(answer.content))
    assert web.get("/health/live").json() == {"status": "alive"}


def test_a_head_request_gets_only_the_head(start_web):
    port = int(start_web().url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.settimeout(10)
        wire.sendall(b"HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        wire.sendall(b"HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        heard = b"".join(iter(lambda: wire.recv(4096), b""))
    assert heard.count(b"HTTP/1.1 200 OK") == 2
    assert b"{" not in heard


def test_a_database_that_accepts_connections_and_never_answers_is_down_within_two_seconds(start_web, black_hole):
    web = start_web(DATABASE_URL=f"postgresql://ponte@127.0.0.1:{black_hole}/ponte", PUBLIC_URL="http://127.0.0.1")
    answer, seconds = timed(web)
    assert seconds < 2
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["services"]["database"] == "down"
    assert answer.json()["mailbox"]["pending"] is None
    assert timed(web, "/health/live")[1] < 0.5
    answer, seconds = timed(web, "/metrics")
    assert seconds < 2
    assert 'ponte_up{service="database"} 0.0' in answer.text


def test_a_broker_that_accepts_connections_and_never_answers_degrades_within_two_seconds(start_web, black_hole):
    web = start_web(REDIS_URL=f"redis://127.0.0.1:{black_hole}/0")
    answer, seconds = timed(web)
    assert seconds < 2
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["services"] == {"database": "up", "redis": "down", "celery": "down"}
    assert answer.json()["mailbox"]["queues"] is None


def test_servers_that_do_not_listen_are_down_at_once(start_web):
    web = start_web(DATABASE_URL="postgresql://ponte@127.0.0.1:9/ponte", REDIS_URL="redis://127.0.0.1:9/0")
    answer, seconds = timed(web)
    assert seconds < 1
    assert answer.status_code == 503
    assert answer.json()["services"] == {"database": "down", "redis": "down", "celery": "down"}


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def frozen(pid: int):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_frozen_servers_are_down_within_two_seconds_and_up_again_when_they_thaw(start_web, wait_until, own_servers):
    """SIGSTOP freezes the postmaster and Valkey like a frozen machine: their sockets stay open and do not answer."""
    web = start_web(**own_servers)
    broker = redis.Redis.from_url(own_servers["REDIS_URL"])
    with psycopg.connect(own_servers["DATABASE_URL"]) as session:
        postmaster = parent_of(session.info.backend_pid)
    assert web.get("/health").json()["services"] == {"database": "up", "redis": "up", "celery": "down"}
    with frozen(postmaster), frozen(broker.info()["process_id"]):
        time.sleep(1.1)
        answer, seconds = timed(web)
        assert seconds < 2
        assert answer.status_code == 503
        assert answer.json()["services"] == {"database": "down", "redis": "down", "celery": "down"}
        assert timed(web, "/health/live")[1] < 0.5

    def services() -> dict:
        return web.get("/health").json()["services"]

    wait_until(lambda: services()["database"] == services()["redis"] == "up", 10, "the thaw")
