"""A worker keeps its connection to the database from task to task, and replaces one that broke."""

import psycopg
import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from core.celery import app, try_connections


class Running:
    """What a task is while a worker runs it."""

    class request:
        is_eager = False


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_the_next_task_uses_the_same_connection_unless_it_broke():
    worker, first = DjangoWorkerFixup(app), backend()

    def end_and_begin():
        worker.close_database()
        try_connections(Running)

    end_and_begin()
    assert backend() == first
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    end_and_begin()
    assert backend() != first
