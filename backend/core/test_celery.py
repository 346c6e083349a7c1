"""A worker keeps its connection to the database from task to task, and replaces one that broke."""

import time

import psycopg
import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

import core.celery
from core.celery import app, try_connections


class Running:
    """What a task is while a worker runs it."""

    class request:
        is_eager = False


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end(pid: int) -> None:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.fixture
def next_task(monkeypatch):
    """Ends the task and begins another one, a while later or at once."""
    worker = DjangoWorkerFixup(app)

    def begin(*, later: bool) -> None:
        worker.close_database()
        monkeypatch.setattr(core.celery, "_tried_at", float("-inf") if later else time.monotonic())
        try_connections(Running)

    return begin


@pytest.mark.django_db(transaction=True)
def test_the_next_task_uses_the_same_connection_unless_it_broke(next_task):
    first = backend()
    next_task(later=True)
    assert backend() == first
    end(first)
    next_task(later=True)
    assert backend() != first


@pytest.mark.django_db(transaction=True)
def test_a_task_that_follows_at_once_does_not_try_the_connection_again(next_task):
    backend()
    next_task(later=False)
    with CaptureQueriesContext(connection) as queries:
        first = backend()
    assert len(queries) == 1
    end(first)
    next_task(later=False)
    with pytest.raises(OperationalError):
        backend()
    # After an error it does.
    next_task(later=False)
    assert backend() != first
