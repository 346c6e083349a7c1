"""A real worker sends heartbeats while it runs, and none while it is frozen or gone."""

import os
import signal

import pytest
import redis
from django.conf import settings
from django.test import Client

from apps.reliability import health, heartbeat
from apps.reliability.broker import read_broker

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_worker_counts_once_however_often_it_beats():
    for name in ("worker@a", "worker@b", "worker@a"):
        heartbeat.beat(name)
    assert read_broker().workers == 2


def test_a_heartbeat_without_a_broker_raises_nothing(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    heartbeat.beat("worker@a")


def test_a_worker_is_up_while_it_runs_and_down_when_it_is_frozen_or_gone(start_worker, wait_until, monkeypatch):
    monkeypatch.setattr(heartbeat, "ALIVE_SECONDS", 7)
    monkeypatch.setattr(health.BROKER, "_fresh", 0.0)

    def celery() -> str:
        return Client().get("/health").json()["services"]["celery"]

    worker = start_worker()
    wait_until(lambda: celery() == "up", 10, "the first heartbeat")
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    wait_until(lambda: celery() == "up", 10, "the heartbeat after a wiped broker")
    os.kill(worker.pid, signal.SIGSTOP)
    wait_until(lambda: celery() == "down", 12, "the silence of a frozen worker")
    os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: celery() == "up", 10, "the heartbeat of a woken worker")
    worker.terminate()
    worker.wait(20)
    assert celery() == "down"
