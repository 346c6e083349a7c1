"""Tests of encrypted connections."""

import asyncio
import base64
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from plugfn.crypto import KeyRing, new_key
from plugfn.definition import OAuthTokens
from plugfn.errors import NeedsReconnect, TryLater
from plugfn.storage.memory import MemoryStore
from plugfn.testing.store_contract import NOW, a_connection
from plugfn.vault.sealed_connections import ATTEMPTS, Profile, StoredConnection, Vault

RING = KeyRing.from_keys(new_key())
TOKENS = OAuthTokens(access_token=SecretStr("a"), refresh_token=SecretStr("r"), expires_at=NOW, scopes=("x",))


@given(st.text(), st.text(min_size=1), st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
@settings(max_examples=50)
def test_a_connection_comes_back_and_is_stored_encrypted(label, account, secret):
    async def story() -> None:
        store = MemoryStore()
        vault = Vault(store, RING)
        tokens = TOKENS.model_copy(update={"access_token": SecretStr(secret)})
        connection = a_connection(label=label, account=account, scopes=("é",), expires_at=NOW)
        await vault.add(connection, tokens)
        assert await vault.read(connection.id, OAuthTokens) == StoredConnection(connection, tokens)
        assert await vault.find(connection.id) == connection
        assert await vault.of_user("ana") == [connection]
        assert await vault.of_account("github", account) == [connection]
        assert await vault.of_account("github", account, "bob") == []
        assert await vault.of_account("github", account + "x") == []
        found = await store.with_credentials(connection.id)
        assert found is not None
        assert len(account) < 8 or account not in f"{found[0].label} {found[0].account}"
        assert len(label) < 8 or label not in found[0].label
        assert len(secret) < 8 or secret.encode() not in found[1]

    asyncio.run(story())


async def test_many_simultaneous_changes_are_all_stored():
    vault = Vault(MemoryStore(), RING)
    connection = a_connection(scopes=())
    await vault.add(connection, TOKENS)

    def with_scope(scope: str):
        def how(kept: StoredConnection) -> StoredConnection:
            return replace(kept, connection=replace(kept.connection, scopes=(*kept.connection.scopes, scope)))

        return how

    changes = [vault.change(connection.id, OAuthTokens, with_scope(str(number))) for number in range(10)]
    await asyncio.gather(*changes)
    found = await vault.find(connection.id)
    assert found is not None
    assert sorted(found.scopes) == [str(number) for number in range(10)]
    assert found.updated_at > connection.updated_at


async def test_a_change_that_always_conflicts_raises_try_later(monkeypatch):
    store = MemoryStore()
    vault = Vault(store, RING)
    connection = a_connection()
    await vault.add(connection, TOKENS)
    asked = []

    async def always_too_late(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(store, "update_connection", always_too_late)
    with pytest.raises(TryLater):
        await vault.change(connection.id, OAuthTokens, lambda kept: asked.append(kept) or kept)
    assert len(asked) == ATTEMPTS


async def test_an_empty_change_writes_nothing_and_a_missing_connection_is_none():
    vault = Vault(MemoryStore(), RING)
    connection = a_connection()
    await vault.add(connection, TOKENS)
    assert await vault.change(connection.id, OAuthTokens, lambda kept: None) == StoredConnection(connection, TOKENS)
    assert await vault.find(connection.id) == connection
    assert await vault.remove(connection.id)
    assert await vault.change(connection.id, OAuthTokens, lambda kept: kept) is None


async def test_a_tampered_row_does_not_hide_others():
    store = MemoryStore()
    vault = Vault(store, RING)
    for label in ("é", "x", "AAAA"):
        await store.add_connection(a_connection(label=label), b"sealed")
    await vault.add(sound := a_connection(label="sound"), TOKENS)
    assert sound in (found := await vault.of_user("ana"))
    assert len(found) == 4


async def test_all_of_very_many_users_of_an_account_are_found(monkeypatch):
    monkeypatch.setattr("plugfn.vault.sealed_connections.PAGE", 3)
    vault = Vault(MemoryStore(), RING)
    made = [a_connection(account="acct", user_id=f"user-{number}") for number in range(10)]
    for connection in made:
        await vault.add(connection, TOKENS)
    assert await vault.of_account("github", "acct") == sorted(made, key=lambda one: one.id)


@pytest.mark.parametrize("moved", [{"id": "f" * 32}, {"user_id": "mallory"}, {"provider": "slack"}])
@pytest.mark.parametrize("what", ["credentials", "label", "both"])
async def test_sealed_values_open_only_in_their_own_row(moved, what):
    """Write access to the database must not be enough to give one user's account to another."""
    store = MemoryStore()
    vault = Vault(store, RING)
    await vault.add(mine := a_connection(label="Ana"), TOKENS)
    found = await store.with_credentials(mine.id)
    assert found is not None
    row, sealed = found
    await store.delete_connection(mine.id)
    await vault.add(theirs := replace(mine, **moved), TOKENS)
    own = await store.with_credentials(theirs.id)
    assert own is not None
    assert await vault.read(theirs.id, OAuthTokens) == StoredConnection(theirs, TOKENS)
    label = own[0].label if what == "credentials" else row.label
    await store.update_connection(replace(own[0], label=label), own[1] if what == "label" else sealed)
    with pytest.raises(NeedsReconnect):
        await vault.read(theirs.id, OAuthTokens)


async def test_a_profile_cannot_be_used_as_credentials():
    store = MemoryStore()
    vault = Vault(store, RING)
    await vault.add(mine := a_connection(label="Ana"), TOKENS)
    found = await store.with_credentials(mine.id)
    assert found is not None
    await store.update_connection(found[0], base64.b64decode(found[0].label))
    with pytest.raises(NeedsReconnect):
        await vault.read(mine.id, Profile)  # type: ignore[type-var]
