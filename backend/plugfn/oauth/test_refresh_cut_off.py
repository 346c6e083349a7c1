"""Refreshes that are cut off, or that meet another change: no rotated pair is lost, and no newer one overwritten."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from plugfn import exclusive_lock
from plugfn.connection import ConnectionStatus
from plugfn.definition import OAuthTokens
from plugfn.errors import NoConnection, TryLater, Unavailable
from plugfn.oauth import refresh
from plugfn.oauth.conftest import ACTORS, refreshes


@pytest.fixture
def impatient(monkeypatch):
    """Waiting for a lock ends soon."""
    monkeypatch.setattr(exclusive_lock, "WAIT_SECONDS", 0.2)


class Answered:
    """The vendor's answer to a refresh: `come` is set when it arrives, and it waits until `heard` is set."""

    def __init__(self) -> None:
        self.come, self.heard = asyncio.Event(), asyncio.Event()


@pytest.fixture
def answered(monkeypatch) -> Answered:
    held, real = Answered(), refresh.ask_for_tokens

    async def ask(*given: Any, **named: Any) -> OAuthTokens:
        tokens = await real(*given, **named)
        held.come.set()
        await held.heard.wait()
        return tokens

    monkeypatch.setattr(refresh, "ask_for_tokens", ask)
    return held


async def test_a_caller_that_gives_up_does_not_lose_the_rotated_pair(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    site.options(seconds=1)
    await site.end_soon(connection)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await site.me(connection)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if (await site.tokens(connection)).refresh_token != before.refresh_token:
            break
    assert (await site.me(connection)).account == "acct-1"
    assert len(refreshes(site)) == 1


async def test_a_cancelled_callers_refresh_still_holds_the_lock(site):
    """The lock is held while the request to the vendor runs, not only while a caller waits for its answer."""
    connection = (await site.connect()).connection
    site.options(seconds=1)
    await site.end_soon(connection)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await site.me(connection)
    assert (await site.me(connection)).account == "acct-1"
    assert len(refreshes(site)) == 1
    assert site.grants()[0]["alive"]


async def test_closing_waits_for_a_running_refresh(site):
    connection = (await site.connect()).connection
    site.options(seconds=1)
    await site.end_soon(connection)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await site.me(connection)
    await site.plug.close()
    stored = (await site.tokens(connection)).refresh_token
    assert stored is not None
    assert stored.get_secret_value() == site.grants()[0]["refresh"]


async def test_a_store_that_fails_for_a_moment_does_not_lose_the_rotated_pair(site, monkeypatch):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    real, failures = site.plug.store.update_connection, [1, 2]

    async def failing(*given: Any, **named: Any) -> bool:
        if failures:
            failures.pop()
            raise Unavailable("the database cannot be reached", code="store")
        return await real(*given, **named)

    monkeypatch.setattr(refresh, "PERSIST_WAITS", (0.01, 0.01, 0.01))
    monkeypatch.setattr(site.plug.store, "update_connection", failing)
    assert (await site.me(connection)).account == "acct-1"
    assert failures == []
    assert (await site.me(connection)).account == "acct-1"
    assert len(refreshes(site)) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("held", ["lock", "claim"])
async def test_a_lock_that_is_never_released_blocks_only_expired_tokens(site, held):
    connection = (await site.connect()).connection
    async with AsyncExitStack() as stack:
        if held == "lock":
            await stack.enter_async_context(site.plug.shared.lock(f"refresh:{connection.id}", ttl=60, wait=1))
        else:
            await site.plug.store.put(exclusive_lock.KIND, f"refresh:{connection.id}", b"a process that died", 60)
        await site.end_soon(connection, 30)
        assert (await site.me(connection)).account == "acct-1"
        await site.end_soon(connection)
        with pytest.raises(TryLater) as caught:
            await site.connections.credentials(site.provider, connection)
        assert caught.value.code == "locked"
        assert refreshes(site) == []


@pytest.mark.usefixtures("impatient")
async def test_a_caller_that_gives_up_waiting_uses_the_holders_tokens(site):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    async with site.plug.shared.lock(f"refresh:{connection.id}", ttl=60, wait=1):
        waiting = asyncio.create_task(site.me(connection))
        await asyncio.sleep(0.05)
        await site.set_tokens(connection, expires_at=None)
        assert (await waiting).account == "acct-1"
    assert refreshes(site) == []


async def test_without_shared_state_the_claim_alone_excludes_others(site, monkeypatch):
    connection = (await site.connect()).connection

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("Redis is away", code="shared_state")

    for name in ("lock", "get", "set"):
        monkeypatch.setattr(site.plug.shared, name, away)
    site.options(seconds=0.1)
    await site.end_soon(connection)
    asked = [site.connections.credentials(site.provider, connection) for _ in range(ACTORS)]
    assert len({found.access_token.get_secret_value() for found in await asyncio.gather(*asked)}) == 1
    assert len(refreshes(site)) == 1


async def test_a_user_who_connects_again_during_a_refresh_keeps_the_new_tokens(site, answered):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    refreshing = asyncio.create_task(site.me(connection))
    await answered.come.wait()
    done = await site.connect()
    assert done.connection.id == connection.id
    newest = await site.tokens(connection)
    answered.heard.set()
    assert (await refreshing).account == "acct-1"
    assert await site.tokens(connection) == newest


async def test_a_late_refusal_of_old_tokens_does_not_mark_new_ones(site):
    connection = (await site.connect()).connection
    old = await site.tokens(connection)
    await site.connect()
    await site.connections.needs_reauth(connection, "http_401", old)
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.ACTIVE
    await site.connections.needs_reauth(connection, "http_401", await site.tokens(connection))
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH


async def test_a_connection_that_is_removed_during_a_refresh_stays_removed(site, answered):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    refreshing = asyncio.create_task(site.me(connection))
    await answered.come.wait()
    await site.plug.store.delete_connection(connection.id)
    answered.heard.set()
    with pytest.raises(NoConnection):
        await refreshing
    assert await site.connections.list("ana") == []
