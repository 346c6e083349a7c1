"""The action log: calls that end at the same time share an INSERT, and none waits for another's fault."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from apps.clients.factories import ClientFactory
from apps.integrations.models import ActionLog as Row
from apps.integrations.store import logs
from apps.integrations.store.clients import user_of
from apps.integrations.store.logs import OrmActionLogs
from apps.integrations.store.scope import acting_for
from lib.row_security import client_rows
from plugfn.errors import Unavailable
from plugfn.storage.records import ActionLog

pytestmark = pytest.mark.django_db(transaction=True)


def entry(client, number):
    at = datetime(2026, 11, 22, tzinfo=UTC)
    user = user_of(client.pk)
    return ActionLog(f"call{number}", 1, user, "0" * 32, "slack", "messages.send", at, 1.0, "ok", "", "", "run")


def written(client):
    with client_rows(client.pk):
        return sorted(Row.objects.values_list("call_id", flat=True))


@pytest.fixture
def inserts(monkeypatch):
    """How many rows each INSERT had."""
    sizes, insert = [], logs._insert

    def counted(rows):
        sizes.append(len(rows))
        insert(rows)

    monkeypatch.setattr(logs, "_insert", counted)
    return sizes


def add(client, entries):
    async def work():
        return await asyncio.gather(*(OrmActionLogs().add_logs([each]) for each in entries), return_exceptions=True)

    with acting_for(client.pk):
        return asyncio.run(work())


def test_rows_that_come_at_once_share_an_insert_and_each_is_written_when_its_caller_goes_on(inserts):
    client = ClientFactory()
    assert add(client, [entry(client, number) for number in range(9)]) == [None] * 9
    assert written(client) == [f"call{number}" for number in range(9)]
    assert len(inserts) < 4
    assert logs._waiting == {}


def test_a_row_that_the_database_refuses_does_not_take_others_with_it():
    client = ClientFactory()
    entries = [entry(client, number) for number in range(5)]
    entries[3] = replace(entries[3], provider=None)
    results = add(client, entries)
    assert [type(result) for result in results] == [type(None)] * 3 + [IntegrityError, type(None)]
    assert written(client) == ["call0", "call1", "call2", "call4"]


def test_without_a_database_every_caller_hears_of_it(monkeypatch):
    client = ClientFactory()

    async def fail(work):
        raise Unavailable("the database cannot be reached", code="store")

    monkeypatch.setattr(logs, "query", fail)
    results = add(client, [entry(client, number) for number in range(3)])
    assert [type(result) for result in results] == [Unavailable] * 3
    assert logs._waiting == {}


def test_rows_are_written_although_the_caller_is_cancelled():
    client = ClientFactory()

    async def work():
        first = asyncio.create_task(OrmActionLogs().add_logs([entry(client, 1)]))
        second = asyncio.create_task(OrmActionLogs().add_logs([entry(client, 2)]))
        await asyncio.sleep(0)
        first.cancel(), second.cancel()
        await OrmActionLogs().add_logs([entry(client, 3)])

    with acting_for(client.pk):
        asyncio.run(work())
    assert written(client) == ["call1", "call2", "call3"]


def test_clients_never_share_an_insert(inserts):
    own, other = ClientFactory(), ClientFactory()

    async def work():
        with acting_for(own.pk):
            first = asyncio.create_task(OrmActionLogs().add_logs([entry(own, 1)]))
        with acting_for(other.pk):
            second = asyncio.create_task(OrmActionLogs().add_logs([entry(other, 2)]))
        await asyncio.gather(first, second)

    asyncio.run(work())
    assert (written(own), written(other), inserts) == (["call1"], ["call2"], [1, 1])
