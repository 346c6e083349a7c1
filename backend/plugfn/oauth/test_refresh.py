"""Tests of token refresh, with a server that revokes the grant when a refresh token is used twice."""

import asyncio
import multiprocessing
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from plugfn import exclusive_lock
from plugfn.connection import ConnectionStatus
from plugfn.crypto import new_key
from plugfn.definition import Call, OAuthTokens
from plugfn.errors import InvalidCall, NeedsReconnect, NoConnection, TryLater, Unavailable
from plugfn.net.vendor import VendorHttp
from plugfn.oauth import refresh
from plugfn.oauth.token_endpoint import with_new_tokens
from plugfn.testing.emulator import Emulator
from plugfn.testing.oauth_site import Site

ACTORS = 20


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


def refreshes(site: Site) -> list[dict[str, str]]:
    return [request for request in site.token_requests() if request["grant_type"] == "refresh_token"]


async def test_many_actions_with_an_expired_token_refresh_it_once(site):
    """Refresh races with single-use tokens left two pairs that both looked valid, or none."""
    connection = (await site.connect()).connection
    site.options(seconds=0.1)
    await site.end_soon(connection)
    found = await asyncio.gather(*(site.me(connection) for _ in range(ACTORS)))
    assert [me.account for me in found] == ["acct-1"] * ACTORS
    assert len(refreshes(site)) == 1
    assert site.grants()[0]["alive"]


@pytest.fixture
def peer(emulator: Callable[[str], Emulator]) -> Emulator:
    return emulator("oauth")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actors=st.integers(2, ACTORS),
    ends_in=st.sampled_from([-3600, -1, 0, 30, 59]),
    delay=st.sampled_from([0.0, 0.02]),
    pauses=st.lists(st.sampled_from([0.0, 0.005, 0.03]), min_size=ACTORS, max_size=ACTORS),
)
def test_in_any_order_one_caller_refreshes_and_all_succeed(peer, actors, ends_in, delay, pauses):
    peer.reset()

    async def story() -> None:
        site = Site(peer)
        async with site.plug:
            connection = (await site.connect()).connection
            site.options(seconds=delay)
            await site.end_soon(connection, ends_in)

            async def act(pause: float) -> None:
                await asyncio.sleep(pause)
                assert (await site.me(connection)).account == "acct-1"

            await asyncio.gather(*(act(pause) for pause in pauses[:actors]))
            assert len(refreshes(site)) == 1
            [grant] = site.grants()
            assert grant["alive"]
            stored = (await site.tokens(connection)).refresh_token
            assert stored is not None
            assert grant["refresh"] == stored.get_secret_value()

    asyncio.run(story())


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (
        request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'x.db'}"
    )


async def test_applications_that_share_only_the_database_refresh_once(emulator, database):
    """Several processes without a common Redis: the claim in the store excludes the others."""
    peer, key = emulator("oauth"), new_key()
    async with AsyncExitStack() as stack:
        sites = [Site(peer, database=database, encryption_key=key) for _ in range(4)]
        for site in sites:
            await stack.enter_async_context(site.plug)
        connection = (await sites[0].connect()).connection
        sites[0].options(seconds=0.1)
        await sites[0].end_soon(connection)
        await asyncio.gather(*(site.me(connection) for site in sites * 5))
        assert len(refreshes(sites[0])) == 1
        assert sites[0].grants()[0]["alive"]
        await sites[0].connections.disconnect(connection.id, "ana")


async def test_applications_with_a_common_redis_refresh_once(emulator, redis_url, tmp_path):
    peer, shared = emulator("oauth"), {"encryption_key": new_key(), "database": f"sqlite:///{tmp_path / 'x.db'}"}
    async with AsyncExitStack() as stack:
        sites = [Site(peer, redis=redis_url, **shared) for _ in range(3)]
        for site in sites:
            await stack.enter_async_context(site.plug)
        connection = (await sites[0].connect()).connection
        sites[0].options(seconds=0.1)
        await sites[0].end_soon(connection)
        await asyncio.gather(*(site.me(connection) for site in sites * 4))
        assert len(refreshes(sites[0])) == 1
        assert sites[0].grants()[0]["alive"]


async def test_event_loops_in_several_threads_refresh_once(emulator, database):
    site = Site(emulator("oauth"), database=database)
    async with site.plug:
        connection = (await site.connect()).connection
        site.options(seconds=0.1)
        await site.end_soon(connection)

        async def act() -> None:
            await asyncio.gather(*(site.me(connection) for _ in range(4)))
            await site.plug.pool.close()

        await asyncio.gather(*(asyncio.to_thread(asyncio.run, act()) for _ in range(3)), act())
        assert len(refreshes(site)) == 1
        await site.connections.disconnect(connection.id, "ana")


async def test_processes_refresh_once(emulator, database):
    peer, key = emulator("oauth"), new_key()
    site = Site(peer, database=database, encryption_key=key)
    async with site.plug:
        connection = (await site.connect()).connection
        site.options(seconds=0.2)
        await site.end_soon(connection)
        forked = multiprocessing.get_context("fork")
        ready = forked.Barrier(3)
        started = [
            forked.Process(target=_act_in_a_process, args=(peer, database, key, connection, ready)) for _ in range(3)
        ]
        for process in started:
            process.start()
        for process in started:
            await asyncio.to_thread(process.join, 30)
        assert [process.exitcode for process in started] == [0, 0, 0]
        assert len(refreshes(site)) == 1
        assert site.grants()[0]["alive"]
        await site.connections.disconnect(connection.id, "ana")


def _act_in_a_process(peer: Emulator, database: str, key: str, connection: Any, ready: Any) -> None:
    asyncio._set_running_loop(None)

    async def act() -> None:
        site = Site(peer, database=database, encryption_key=key)
        async with site.plug:
            ready.wait(20)
            await asyncio.gather(*(site.me(connection) for _ in range(4)))

    asyncio.run(act())


async def test_a_refresh_answer_without_a_refresh_token_keeps_the_old_one(site):
    """An answer without refresh_token wiped the stored one, and the connection died an hour later."""
    site.options(rotate=False)
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    for number in (1, 2):
        await site.end_soon(connection)
        await site.me(connection)
        after = await site.tokens(connection)
        assert after.refresh_token == before.refresh_token
        assert after.access_token != before.access_token
        assert len(refreshes(site)) == number


def test_a_refresh_keeps_what_the_answer_omits():
    old = OAuthTokens(
        access_token=SecretStr("a"), refresh_token=SecretStr("r"), scopes=("x",), account="acct", label="Acme"
    )
    new = with_new_tokens(old, OAuthTokens(access_token=SecretStr("b")))
    assert new == old.model_copy(update={"access_token": SecretStr("b")})
    assert with_new_tokens(old, new.model_copy(update={"scopes": ("y",)})).scopes == ("y",)


async def test_a_rotated_pair_is_stored_before_it_is_used(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.end_soon(connection)
    used: list[Any] = []
    whoami = site.provider.actions["me.get"].run

    async def spying(call: Any, params: Any) -> Any:
        used.append((call.credentials.access_token, (await site.tokens(connection)).access_token))
        return await whoami(call, params)

    object.__setattr__(site.provider.actions["me.get"], "run", spying)
    await site.me(connection)
    [(sent, stored)] = used
    assert sent == stored
    assert (await site.tokens(connection)).refresh_token != before.refresh_token


async def test_a_token_is_renewed_shortly_before_it_expires(site):
    connection = (await site.connect()).connection
    await site.end_soon(connection, 120)
    await site.me(connection)
    assert refreshes(site) == []
    await site.end_soon(connection, 30)
    await site.me(connection)
    assert len(refreshes(site)) == 1
    fresh = await site.connections.get(connection.id, "ana")
    assert fresh.expires_at is not None
    assert connection.expires_at is not None
    assert fresh.expires_at > connection.expires_at


async def test_a_token_without_an_expiry_is_not_renewed(site):
    site.options(expires_in=None)
    connection = (await site.connect()).connection
    assert connection.expires_at is None
    await site.me(connection)
    assert refreshes(site) == []


@pytest.mark.parametrize("errors_with_200", [False, True])
async def test_a_refused_refresh_needs_the_user_to_connect_again(site, errors_with_200):
    """A refusal with HTTP 200 is a refusal: no error document is ever stored as tokens."""
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    site.options(errors_with_200=errors_with_200)
    await site.set_tokens(connection, refresh_token=SecretStr("guessed"))
    await site.end_soon(connection)
    for _ in range(2):
        with pytest.raises(NeedsReconnect) as caught:
            await site.me(connection)
        assert caught.value.code == "invalid_grant"
    marked = await site.connections.get(connection.id, "ana")
    assert (marked.status, marked.error_code) == (ConnectionStatus.NEEDS_REAUTH, "invalid_grant")
    assert len(refreshes(site)) == 1
    assert (await site.tokens(connection)).access_token == before.access_token
    site.options(errors_with_200=False)
    assert (await site.connect()).connection.id == connection.id
    assert (await site.me(connection)).account == "acct-1"


async def test_the_old_token_is_used_while_the_token_endpoint_fails(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.end_soon(connection, 30)
    site.emulator.fault("POST /token", kind="answer", status=500, count=None)
    for _ in range(3):
        assert (await site.me(connection)).account == "acct-1"
    # After a failure there is a pause: the next calls did not ask the vendor again.
    assert len(refreshes(site)) == 1
    assert (await site.tokens(connection)).refresh_token == before.refresh_token
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.ACTIVE


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "answer", "status": 500},
        {"kind": "answer", "status": 429, "headers": {"Retry-After": "9"}},
        {"kind": "answer", "status": 200, "body": "<html>"},
        {"kind": "answer", "status": 400, "body": {"error": "brand_new"}},
        {"kind": "answer", "status": 401, "body": {"error": "invalid_client"}},
        {"kind": "reset"},
    ],
)
async def test_an_expired_token_that_cannot_be_renewed_now_raises_try_later(site, fault):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    site.emulator.fault("POST /token", **fault)
    with pytest.raises(TryLater) as caught:
        await site.connections.credentials(site.provider, connection)
    assert caught.value.code not in ("", "try_later")
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.ACTIVE
    await site.plug.shared.delete(f"refresh-failed:{connection.id}")
    assert (await site.me(connection)).account == "acct-1"


async def test_a_token_revoked_early_is_renewed_and_the_call_repeated(site):
    connection = (await site.connect()).connection
    site.emulator.control("POST", "/expire")
    found = await asyncio.gather(*(site.me(connection) for _ in range(ACTORS)))
    assert len(found) == ACTORS
    assert len(refreshes(site)) == 1


async def test_a_renewed_token_that_is_refused_too_needs_the_user(site):
    connection = (await site.connect()).connection
    site.emulator.fault("GET /api/me", kind="answer", status=401, count=None)
    with pytest.raises(NeedsReconnect):
        await site.me(connection)
    assert len(refreshes(site)) == 1
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH
    with pytest.raises(NeedsReconnect):
        await site.me(connection)
    assert len(refreshes(site)) == 1


async def test_a_withdrawn_grant_needs_the_user(site):
    connection = (await site.connect()).connection
    await site.provider.auth.revoke(_call(site, connection, await site.tokens(connection)))
    with pytest.raises(NeedsReconnect) as caught:
        await site.me(connection)
    assert caught.value.code == "invalid_grant"
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH


def _call(site: Site, connection: Any, tokens: OAuthTokens) -> Any:
    http = VendorHttp(site.plug.pool, site.emulator.url, trusted=True)
    return Call(site.provider, connection, tokens, site.plug.providers.settings("acme"), http, site.plug.guard, "x")


async def test_an_expired_token_without_a_refresh_token_needs_the_user(site):
    site.options(refresh_tokens=False)
    connection = (await site.connect()).connection
    await site.end_soon(connection, 30)
    assert (await site.me(connection)).account == "acct-1"
    await site.end_soon(connection)
    with pytest.raises(NeedsReconnect) as caught:
        await site.me(connection)
    assert caught.value.code == "token_expired"
    assert (await site.connections.get(connection.id, "ana")).error_code == "token_expired"
    site.options(refresh_tokens=True)
    assert (await site.connect()).connection.id == connection.id
    assert (await site.me(connection)).account == "acct-1"


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


async def test_a_user_can_renew_tokens_by_hand(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.connections.refresh(connection.id, "ana")
    assert (await site.tokens(connection)).access_token != before.access_token
    with pytest.raises(NoConnection):
        await site.connections.refresh(connection.id, "bob")
    await site.set_tokens(connection, refresh_token=None)
    with pytest.raises(InvalidCall):
        await site.connections.refresh(connection.id, "ana")


async def test_no_secret_of_a_refresh_is_shown(site, caplog: pytest.LogCaptureFixture):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    site.emulator.fault("POST /token", kind="answer", status=500, body={"error": "server_error", "t": "hunter2"})
    with pytest.raises(TryLater) as caught:
        await site.connections.credentials(site.provider, connection)
    tokens = await site.tokens(connection)
    shown = f"{caught.value!r} {caught.value.as_dict()} {tokens!r} {caplog.text}"
    assert tokens.refresh_token is not None
    for secret in (tokens.access_token.get_secret_value(), tokens.refresh_token.get_secret_value(), "hunter2"):
        assert secret not in shown


def test_the_emulator_revokes_a_grant_whose_refresh_token_is_used_twice(emulator: Callable[[str], Emulator]):
    """Otherwise the tests above would prove nothing."""
    site = Site(emulator("oauth"))

    async def story() -> None:
        async with site.plug:
            connection = (await site.connect()).connection
            spent = await site.tokens(connection)
            await site.connections.refresh(connection.id, "ana")
            await site.set_tokens(connection, refresh_token=spent.refresh_token)
            with pytest.raises(NeedsReconnect):
                await site.connections.refresh(connection.id, "ana")
            assert not site.grants()[0]["alive"]

    asyncio.run(story())
