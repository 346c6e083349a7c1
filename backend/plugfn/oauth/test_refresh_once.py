"""However many callers, loops, threads, processes and applications find an expired token: it is refreshed once."""

import asyncio
import multiprocessing
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.crypto import new_key
from plugfn.errors import NeedsReconnect
from plugfn.oauth.conftest import ACTORS, refreshes
from plugfn.testing.emulator import Emulator
from plugfn.testing.oauth_site import Site


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
