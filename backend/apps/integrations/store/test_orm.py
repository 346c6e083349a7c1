"""PlugFn's contract of a store, all of it, on Ponte's tables; and what only this store does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from django.db import connection

from apps.clients.models import Client
from apps.integrations.models import Integration
from apps.integrations.store import connections, logs, workflows
from apps.integrations.store.orm import OrmStore
from apps.integrations.store.scope import NoScope, acting_for
from lib.row_security import client_rows, system_rows
from plugfn.errors import InvalidCall
from plugfn.testing.store_contract import NOW, StoreContract, a_connection, a_log

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def names(monkeypatch):
    """The contract's users have names such as "ana": here each of them is a client, made when it is first named."""
    known = {}

    def client_of(name):
        client = uuid5(NAMESPACE_URL, name)
        if client not in known:
            known[client] = name
            _make_client(client)
        return client

    for module in (connections, logs, workflows):
        monkeypatch.setattr(module, "client_of", client_of)
        monkeypatch.setattr(module, "user_of", known.__getitem__)
    return known


def _make_client(client):
    def make():
        Client.objects.get_or_create(pk=client, defaults={"name": "a client"})
        connection.close()

    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(make).result()


class TestOrmStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _of_no_client(self, names):
        # Its rows belong to many clients at once, as only the system sees them.
        with acting_for("contract of the store"):
            yield

    @pytest.fixture
    async def store(self):
        return OrmStore()


@pytest.fixture
def pair():
    """Two clients."""
    return [Client.objects.create(name=name).pk for name in ("one", "two")]


def _of(client, **changes):
    return a_connection(user_id=str(client), **changes)


async def test_without_a_scope_nothing_is_read():
    with pytest.raises(NoScope):
        await OrmStore().connections()


async def test_a_client_reaches_neither_connections_nor_values_nor_logs_of_another(pair):
    one, two = pair
    store, theirs = OrmStore(), _of(pair[1])
    with acting_for(two):
        await store.add_connection(theirs, b"secret")
        await store.put("state", "k", b"theirs", 60)
        await store.add_logs([a_log(user_id=str(two))])
    with acting_for(one):
        assert await store.connection(theirs.id) is None
        assert await store.with_credentials(theirs.id) is None
        assert await store.connections(user_id=str(two)) == []
        assert await store.update_connection(theirs, b"mine") is False
        assert await store.delete_connection(theirs.id) is False
        assert await store.logs(user_id=str(two)) == []
        # The same key of another client is another value.
        assert await store.put_new("state", "k", b"mine", 60) is None
        assert await store.take("state", "k") == b"mine"
    with acting_for(two):
        assert await store.with_credentials(theirs.id) == (theirs, b"secret")
        assert await store.take("state", "k") == b"theirs"


async def test_a_client_has_one_connection_of_a_type_unless_several_make_sense(pair):
    store = OrmStore()
    with acting_for(pair[0]):
        for _ in range(2):
            await store.add_connection(_of(pair[0], provider="github"), b"x")
        await store.add_connection(_of(pair[0], provider="email_smtp"), b"x")
        with pytest.raises(InvalidCall) as refused:
            await store.add_connection(_of(pair[0], provider="email_smtp"), b"x")
    assert refused.value.code == "already_connected"


def test_what_proves_a_webhook_gets_a_new_generation_with_each_change(pair):
    def number():
        with system_rows("a test"), connection.cursor() as cursor:
            cursor.execute("SELECT number FROM integrations_generation")
            return cursor.fetchone()[0]

    stored, store = _of(pair[0], provider="email_sendgrid"), OrmStore()

    async def change(call):
        with acting_for(pair[0]):
            await call

    before = number()
    asyncio.run(change(store.add_connection(stored, b"x")))
    assert number() == before + 1
    asyncio.run(change(store.touch_connection(stored.id, NOW)))
    assert number() == before + 1
    asyncio.run(change(store.update_connection(stored, b"new")))
    assert number() == before + 2
    asyncio.run(change(store.delete_connection(stored.id)))
    assert number() == before + 3
    asyncio.run(change(store.delete_connection(stored.id)))
    assert number() == before + 3


def test_a_status_that_only_ponte_knows_survives_what_plugfn_writes(pair):
    stored, store = _of(pair[0]), OrmStore()

    async def work():
        with acting_for(pair[0]):
            await store.add_connection(stored, b"x")

    asyncio.run(work())
    with client_rows(pair[0]):
        Integration.objects.update(status=Integration.Status.ERROR)

    async def update():
        with acting_for(pair[0]):
            await store.update_connection(stored)

    asyncio.run(update())
    with client_rows(pair[0]):
        assert Integration.objects.get().status == Integration.Status.ERROR


async def test_ids_that_are_no_ids_of_ours_are_missing(pair):
    with acting_for(pair[0]):
        assert await OrmStore().connection("not-a-uuid") is None
        assert await OrmStore().connections(user_id="nobody") == []
        assert await OrmStore().connection(uuid4().hex) is None
