"""A burst of calls reads a connection once; a change counts at once here, and within a second in other processes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.clients.models import Client
from apps.integrations.store import connections, recent
from apps.integrations.store.orm import OrmStore
from apps.integrations.store.scope import NoScope, acting_for
from lib.row_security import system_rows
from plugfn.connection import ConnectionStatus
from plugfn.testing.store_contract import NOW, a_connection

pytestmark = pytest.mark.django_db(transaction=True)


class Process:
    """A store whose cache is its own, as that of another process is."""

    def __init__(self, client) -> None:
        self.client, self.store = client, OrmStore()

    def run(self, method, *given, client=None):
        async def call():
            with acting_for(client or self.client):
                return await getattr(self.store, method)(*given)

        return asyncio.run(call())

    def secret(self, connection, **who):
        found = self.run("with_credentials", connection.id, **who)
        return None if found is None else found[1]


@pytest.fixture
def client():
    return Client.objects.create(name="one").pk


@pytest.fixture
def stored(client):
    connection = a_connection(user_id=str(client), provider="email_smtp")
    Process(client).run("add_connection", connection, b"old")
    return connection


@pytest.fixture
def wait(monkeypatch):
    """Lets the caches' time pass."""
    now = [1000.0]
    for module in (recent, connections):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])

    def pass_time(seconds):
        now[0] += seconds

    pass_time(0.001)
    return pass_time


@pytest.fixture
def trips(monkeypatch):
    """One entry for each trip to the database."""
    made, query = [], connections.query

    def counted(work):
        made.append(work)
        return query(work)

    monkeypatch.setattr(connections, "query", counted)
    return made


def test_a_burst_of_calls_reads_a_connection_once(stored, client, trips, wait):
    process = Process(client)
    for _ in range(3):
        assert process.run("connection", stored.id) == stored
        assert process.secret(stored) == b"old"
    assert len(trips) == 1
    wait(recent.FRESH)
    process.secret(stored), process.secret(stored)
    # The number alone.
    assert len(trips) == 2
    with pytest.raises(NoScope):
        asyncio.run(process.store.connection(stored.id))


def test_another_process_uses_rotated_credentials_within_a_second(stored, client, wait):
    here, there = Process(client), Process(client)
    assert (here.secret(stored), there.secret(stored)) == (b"old", b"old")
    wait(0.1)
    assert here.run("update_connection", stored, b"new")
    assert (here.secret(stored), there.secret(stored)) == (b"new", b"old")
    wait(recent.FRESH)
    assert there.secret(stored) == b"new"
    wait(0.1)
    here.run("delete_connection", stored.id)
    assert here.secret(stored) is None
    wait(recent.FRESH)
    assert there.secret(stored) is None


def test_credentials_that_are_deleted_with_their_client_are_not_used_for_long(stored, client, wait):
    there = Process(client)
    assert there.secret(stored) == b"old"
    wait(0.1)
    with system_rows("a test"):
        Client.objects.filter(pk=client).delete()
    wait(recent.FRESH)
    assert there.secret(stored) is None


def test_credentials_that_were_refused_elsewhere_are_not_used_for_long(stored, client, wait):
    here, there = Process(client), Process(client)
    there.secret(stored)
    wait(0.1)
    here.run("update_connection", replace(stored, status=ConnectionStatus.NEEDS_REAUTH))
    wait(recent.FRESH)
    assert there.run("connection", stored.id).status is ConnectionStatus.NEEDS_REAUTH


def test_a_change_made_from_what_was_out_of_date_fails_and_is_read_anew(stored, client, wait):
    here, there = Process(client), Process(client)
    there.secret(stored)
    wait(0.1)
    here.run("update_connection", replace(stored, updated_at=NOW + timedelta(seconds=1)), b"new")

    async def change():
        with acting_for(client):
            return await there.store.update_connection(stored, b"mine", read_at=stored.updated_at)

    assert asyncio.run(change()) is False
    assert there.secret(stored) == b"new"


def test_what_was_read_for_one_client_is_not_there_for_another(stored, client, wait):
    process, other = Process(client), Client.objects.create(name="two").pk
    assert process.secret(stored) == b"old"
    assert process.secret(stored, client=other) is None
    assert process.secret(stored) == b"old"


def test_a_use_is_noted_without_reading_again(stored, client, trips, wait):
    process = Process(client)
    process.secret(stored)
    process.run("touch_connection", stored.id, NOW)
    assert process.run("connection", stored.id).last_used_at == NOW
    assert len(trips) == 2


def test_nothing_is_kept_for_longer_than_its_time(stored, client, trips, wait):
    process = Process(client)
    process.secret(stored)
    for _ in range(4):
        wait(recent.KEPT / 4)
        process.secret(stored)
    read = len(trips)
    entry = process.store._recent._entries[stored.id]
    assert entry.read_at == recent.monotonic()
    assert read == 5


def test_connections_with_tokens_are_always_read(client, trips, wait):
    connection = a_connection(user_id=str(client), provider="github")
    process = Process(client)
    process.run("add_connection", connection, b"x")
    process.secret(connection), process.secret(connection)
    assert len(trips) == 3


def test_at_most_so_many_are_kept(client, monkeypatch, wait):
    monkeypatch.setattr(recent, "LIMIT", 1)
    process = Process(client)
    both = [a_connection(user_id=str(client), provider="http", id=letter * 32) for letter in "ab"]
    for connection in both:
        process.run("add_connection", connection, b"x")
        wait(0.1)
        process.secret(connection)
    assert list(process.store._recent._entries) == [both[1].id]
