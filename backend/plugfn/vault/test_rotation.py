"""Tests of key rotation, on every store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from plugfn.crypto import KeyRing, Unreadable, new_key
from plugfn.definition import OAuthTokens
from plugfn.storage.memory import MemoryStore
from plugfn.storage.protocol import Store
from plugfn.storage.sql import SqlStore
from plugfn.testing.store_contract import a_connection, a_run, a_workflow
from plugfn.vault import rotation
from plugfn.vault.rotation import check_keys, rotate_keys
from plugfn.vault.sealed_connections import Vault

OLD, NEW = new_key(), new_key()
TOKENS = OAuthTokens(access_token=SecretStr("hunter2"), account="acct")


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else SqlStore(f"sqlite:///{tmp_path / 'x.db'}")
    await store.open()
    yield store
    await store.close()


async def fill(store: Store, ring: KeyRing, count: int) -> list[str]:
    vault, ids = Vault(store, ring), []
    for number in range(count):
        connection = a_connection(label=f"Label {number}", account=f"acct-{number}")
        await vault.add(connection, TOKENS)
        workflow = a_workflow()
        workflow = replace(workflow, body=ring.seal(b"workflow", workflow.context))
        await store.add_workflow(workflow)
        run = a_run(workflow)
        await store.add_run(replace(run, body=ring.seal(b"run", run.context)))
        ids.append(connection.id)
    return ids


async def test_after_a_rotation_the_old_key_can_be_removed(store, monkeypatch):
    monkeypatch.setattr(rotation, "PAGE", 3)
    ids = await fill(store, KeyRing.from_keys(OLD), 7)
    reports = []
    done = await rotate_keys(store, KeyRing.from_keys([NEW, OLD]), lambda kind, count: reports.append((kind, count)))
    assert done.complete
    assert done.resealed == {"connections": 7, "workflows": 7, "runs": 7}
    assert reports == [(kind, count) for kind in ("connections", "workflows", "runs") for count in (3, 6, 7)]
    alone = KeyRing.from_keys(NEW)
    vault = Vault(store, alone)
    for number, connection_id in enumerate(ids):
        kept = await vault.read(connection_id, OAuthTokens)
        assert kept is not None
        assert kept.credentials == TOKENS
        assert kept.connection.label == f"Label {number}"
        assert [one.id for one in await vault.of_account("github", f"acct-{number}")] == [connection_id]
    for row in [*await store.workflows(), *await store.runs_by_id()]:
        assert alone.unseal(row.body, row.context) in (b"workflow", b"run")
        assert row.version == 1


async def test_a_second_rotation_has_nothing_to_do(store):
    ring = KeyRing.from_keys([NEW, OLD])
    await fill(store, KeyRing.from_keys(OLD), 2)
    await rotate_keys(store, ring)
    before = await store.connections()
    assert (await rotate_keys(store, ring)).resealed == {"connections": 0, "workflows": 0, "runs": 0}
    assert await store.connections() == before


async def test_accounts_are_found_before_and_during_a_rotation(store):
    [connection_id] = await fill(store, KeyRing.from_keys(OLD), 1)
    vault = Vault(store, KeyRing.from_keys([NEW, OLD]))
    assert [one.id for one in await vault.of_account("github", "acct-0")] == [connection_id]
    assert await vault.of_account("slack", "acct-0") == []


async def test_unreadable_rows_are_reported_and_left_unchanged(store):
    await fill(store, KeyRing.from_keys(new_key()), 1)
    await fill(store, KeyRing.from_keys(OLD), 1)
    done = await rotate_keys(store, KeyRing.from_keys([NEW, OLD]))
    assert not done.complete
    assert {kind: len(ids) for kind, ids in done.unreadable.items()} == {"connections": 1, "workflows": 1, "runs": 1}
    assert done.resealed == {"connections": 1, "workflows": 1, "runs": 1}


async def test_changes_made_during_a_rotation_are_kept(store):
    ids = await fill(store, KeyRing.from_keys(OLD), 5)
    ring = KeyRing.from_keys([NEW, OLD])
    vault = Vault(store, ring)

    async def change(connection_id: str) -> None:
        token = TOKENS.model_copy(update={"access_token": SecretStr(connection_id)})
        await vault.change(connection_id, OAuthTokens, lambda kept: replace(kept, credentials=token))

    await asyncio.gather(rotate_keys(store, ring), rotate_keys(store, ring), *(change(one) for one in ids))
    alone = Vault(store, KeyRing.from_keys(NEW))
    for connection_id in ids:
        kept = await alone.read(connection_id, OAuthTokens)
        assert kept is not None
        assert isinstance(kept.credentials, OAuthTokens)
        assert kept.credentials.access_token.get_secret_value() == connection_id


async def test_a_row_that_is_not_sealed_at_all_is_unreadable(store):
    await store.add_connection(a_connection(id=uuid4().hex, label="plain"), b"plain")
    done = await rotate_keys(store, KeyRing.from_keys(NEW))
    assert len(done.unreadable["connections"]) == 1
    with pytest.raises(Unreadable):
        await Vault(store, KeyRing.from_keys(NEW)).reseal((await store.connections())[0].id)


async def test_an_account_is_found_while_its_connection_is_resealed():
    """At any moment, events must find the connections of their account, and a sign-in the connection that it renews."""

    class Resealing(MemoryStore):
        """Reseals the row after every query, as another process might."""

        async def connections(self, **wanted):
            found = await super().connections(**wanted)
            self.turn = not self.turn
            await (one, other)[self.turn].reseal(row.id)
            return found

        turn = False

    store, keys = Resealing(), [new_key(), new_key()]
    one, other = Vault(store, KeyRing.from_keys(keys)), Vault(store, KeyRing.from_keys(keys[::-1]))
    await one.add(row := a_connection(account="acct"), OAuthTokens(access_token=SecretStr("a")))
    for vault in (one, other) * 3:
        assert [found.id for found in await vault.of_account("github", "acct")] == [row.id]


async def test_a_connection_is_resealed_when_only_its_label_needs_it():
    """The account's digest changes with the label: with the old key it would be lost."""
    store, both = MemoryStore(), KeyRing.from_keys([NEW, OLD])
    vault = Vault(store, KeyRing.from_keys(OLD))
    await vault.add(made := a_connection(label="Ana", account="acct"), TOKENS)
    row, sealed = (await store.with_credentials(made.id)) or pytest.fail("gone")
    context = f"connection|{row.id}|{row.user_id}|{row.provider}"
    await store.update_connection(row, both.seal(both.unseal(sealed, context), context))
    assert (await rotate_keys(store, both)).resealed["connections"] == 1
    alone = Vault(store, KeyRing.from_keys(NEW))
    assert [found.label for found in await alone.of_account("github", "acct")] == ["Ana"]


async def test_a_connection_is_resealed_when_only_its_credentials_need_it():
    store, both = MemoryStore(), KeyRing.from_keys([NEW, OLD])
    await Vault(store, KeyRing.from_keys(OLD)).add(made := a_connection(label="Ana", account="acct"), TOKENS)
    _, old = (await store.with_credentials(made.id)) or pytest.fail("gone")
    await rotate_keys(store, both)
    row, _ = (await store.with_credentials(made.id)) or pytest.fail("gone")
    await store.update_connection(row, old)
    assert (await rotate_keys(store, both)).resealed["connections"] == 1
    assert await Vault(store, KeyRing.from_keys(NEW)).read(made.id, type(TOKENS)) is not None


async def test_a_check_counts_what_opens_and_what_is_outdated_and_changes_nothing(store, monkeypatch):
    monkeypatch.setattr(rotation, "PAGE", 2)
    await fill(store, KeyRing.from_keys(OLD), 3)
    await fill(store, KeyRing.from_keys(NEW), 1)
    kinds = ("connections", "workflows", "runs")
    found = await check_keys(store, KeyRing.from_keys([NEW, OLD]))
    assert found.readable == dict.fromkeys(kinds, 4)
    assert found.outdated == dict.fromkeys(kinds, 3)
    assert found.unreadable == {kind: [] for kind in kinds}
    found = await check_keys(store, KeyRing.from_keys(NEW))
    assert (found.readable, found.outdated) == (dict.fromkeys(kinds, 1), dict.fromkeys(kinds, 0))
    assert {kind: len(lost) for kind, lost in found.unreadable.items()} == dict.fromkeys(kinds, 3)
    assert (await rotate_keys(store, KeyRing.from_keys([NEW, OLD]))).resealed == dict.fromkeys(kinds, 3)
