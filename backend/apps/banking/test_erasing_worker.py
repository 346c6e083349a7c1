"""Real workers erase a client: one is killed in the middle, and another goes on."""

import os
import signal

import pytest
from celery import current_app
from django.db import connection as database

from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET
from apps.banking.models import Connection, Transaction
from apps.clients import erasure
from apps.clients.factories import MembershipFactory
from apps.clients.models import Client
from apps.events import ring
from apps.events.books import read_books

pytestmark = pytest.mark.django_db(transaction=True)


def tick() -> None:
    """What beat does, after the leases of dead workers have expired."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET lease_until = to_timestamp(0), rung_at = to_timestamp(0)")
    current_app.send_task("clients.erase", queue="background")
    ring.ring()


def test_a_second_worker_goes_on_after_the_first_was_killed(bank, connected, start_worker, wait_until):
    settings = {"PLUGGY_CLIENT_ID": CLIENT_ID, "PLUGGY_CLIENT_SECRET": CLIENT_SECRET, "PLUGGY_API_URL": bank.url}
    row = Connection.objects.get()
    owner = MembershipFactory(client=row.client, role="owner")
    order = erasure.ask(owner, row.client.name)
    bank.fault("latency", "DELETE /items/*", seconds=2)
    first = start_worker(concurrency=1, **settings)
    tick()
    wait_until(lambda: Connection.objects.filter(disconnect_asked_at__isnull=False).exists(), what="the first step")
    tick()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(10)
    assert Transaction.objects.exists()
    bank.mend()
    start_worker(concurrency=1, **settings)

    def is_finished():
        tick()
        order.refresh_from_db()
        return order.finished_at

    wait_until(is_finished, 60, "the end of the erasure")
    assert not Client.objects.filter(pk=row.client_id).exists()
    assert not Transaction.objects.exists()
    assert bank.session.get(f"{bank.url}/items/{connected}").status_code == 404
    assert read_books().pending == 0
