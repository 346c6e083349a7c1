"""Problems that only a server can have: it is down, hangs, keeps keys for ever, or the process was forked."""

import asyncio
import os
import random
import subprocess
import sys
import traceback
from itertools import pairwise
from pathlib import Path

import pytest

from plugfn.cache import redis as module
from plugfn.cache.redis import RedisShared
from plugfn.errors import ConfigurationError, Unavailable
from plugfn.resilience.breaker import Breaker
from plugfn.resilience.budget import Budget

BACKEND = Path(__file__).parents[2]
BUDGET, BREAKER = Budget("a", 5, 60), Breaker("host", failures=2)
ASKS = {
    "get": lambda shared: shared.get("a"),
    "set": lambda shared: shared.set("a", b"", 1),
    "delete": lambda shared: shared.delete("a"),
    "lock": lambda shared: shared.lock("a", ttl=1, wait=5).__aenter__(),
    "take": lambda shared: shared.take(BUDGET),
    "pause": lambda shared: shared.pause(BUDGET, 60),
    "enter": lambda shared: shared.enter(BREAKER),
    "fail": lambda shared: shared.fail(BREAKER),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_without_the_server_everything_raises_unavailable(ask):
    shared = RedisShared("redis://:pa55-word@127.0.0.1:9/0")
    with pytest.raises(Unavailable) as caught:
        await ask(shared)
    assert caught.value.code == "shared_state"
    assert "pa55-word" not in "".join(traceback.format_exception(caught.value)) + repr(shared)


async def test_a_silent_server_is_unavailable_soon(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(30), "127.0.0.1", 0)
    shared = RedisShared(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0")
    async with asyncio.timeout(module.ANSWER_SECONDS + 10):
        with pytest.raises(Unavailable):
            await shared.get("a")
    await shared.close()
    silent.close()


URLS = ["", "http://x", "redis://:pa55/word@host", "redis://h:99999999/0", "redis://h/0?no_such_option=pa55", "pa55"]


@pytest.mark.parametrize("url", URLS)
def test_a_bad_url_is_a_configuration_error_that_does_not_show_it(url):
    with pytest.raises(ConfigurationError, match="Redis URL") as caught:
        RedisShared(url)
    assert "pa55" not in "".join(traceback.format_exception(caught.value))


async def keys_of(shared, prefix):
    return [key async for key in shared._client().redis.scan_iter(f"{prefix}*")]


async def test_every_key_has_the_prefix_and_expires(in_redis, prefix):
    await in_redis.set("a", b"value", 60)
    for ask in ("take", "pause", "fail"):
        await ASKS[ask](in_redis)
    async with in_redis.lock("a", ttl=60, wait=0):
        keys = await keys_of(in_redis, prefix)
        assert len(keys) == 5
        assert all([0 < await in_redis._client().redis.ttl(key) <= 670 for key in keys])


async def test_two_prefixes_share_nothing(redis_url, in_redis, prefix):
    other = RedisShared(redis_url, prefix + "other:")
    await in_redis.set("a", b"value", 60)
    assert await other.get("a") is None
    await other.close()


@pytest.fixture
def trips(monkeypatch):
    """The commands that were sent."""
    sent = []
    real = module.Redis.execute_command

    async def counted(self, *arguments, **options):
        sent.append(arguments[0])
        return await real(self, *arguments, **options)

    monkeypatch.setattr(module.Redis, "execute_command", counted)
    return sent


async def test_a_successful_call_needs_one_round_trip_each_for_budget_and_breaker(in_redis, trips):
    for _ in range(3):
        await in_redis.take(BUDGET)
        await in_redis.enter(BREAKER)
        await in_redis.succeed(BREAKER)
    assert trips[-4:] == ["EVALSHA"] * 4


async def test_a_success_closes_a_breaker_that_another_process_opened(redis_url, in_redis, prefix):
    other = RedisShared(redis_url, prefix)
    await other.fail(BREAKER)
    assert await in_redis.enter(BREAKER) == 0.0
    await in_redis.succeed(BREAKER)
    assert await other.fail(BREAKER) is False
    await other.close()


async def test_the_number_of_remembered_failing_breakers_is_bounded(in_redis, monkeypatch):
    monkeypatch.setattr(module, "MAX_FAILING", 10)
    for number in range(30):
        await in_redis.fail(Breaker(f"host {number}"))
    assert len(in_redis._failing) == 10


async def test_a_budget_stores_at_most_one_stamp_per_call_of_its_window(in_redis, prefix):
    for _ in range(60):
        await in_redis.take(Budget("a", 20, 60))
    client = in_redis._client().redis
    (key,) = await keys_of(in_redis, prefix)
    assert await client.llen(key) == 20
    assert 0 < await client.ttl(key) <= 61


async def test_stamps_outside_the_window_are_removed(in_redis, prefix):
    client = in_redis._client().redis
    for wait in (0, 1.01):
        await asyncio.sleep(wait)
        await in_redis.take(Budget("a", 20, 1))
        (key,) = await keys_of(in_redis, prefix)
        assert await client.llen(key) == 1


async def test_a_cancelled_request_does_not_affect_others(in_redis):
    for number in range(20):
        await in_redis.set(f"{number}", b"%d" % number, 60)

    async def read(number):
        assert await in_redis.get(f"{number}") == b"%d" % number

    for _ in range(30):
        tasks = [asyncio.create_task(read(number)) for number in range(20)]
        await asyncio.sleep(random.uniform(0, 0.004))
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks[1::2])
        await asyncio.gather(*tasks[::2], return_exceptions=True)
    for number in range(20):
        await read(number)


async def test_cancelling_a_waiting_caller_always_works(in_redis):
    async with in_redis.lock("a", ttl=20, wait=0):
        for _ in range(25):
            waiting = [asyncio.create_task(in_redis.lock("a", ttl=20, wait=15).__aenter__()) for _ in range(8)]
            await asyncio.sleep(random.uniform(0, 0.03))
            for task in waiting:
                task.cancel()
            done, pending = await asyncio.wait(waiting, timeout=5)
            assert (len(done), pending) == (8, set())
            assert all(task.cancelled() for task in done)


async def test_a_caller_cancelled_while_getting_the_lock_releases_it(in_redis, monkeypatch):
    client, asked = in_redis._client(), asyncio.Event()
    real = client.acquire

    async def answered_late(*arguments):
        answer = await real(*arguments)
        asked.set()
        await asyncio.sleep(2)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(client, "acquire", answered_late)
        task = asyncio.create_task(in_redis.lock("a", ttl=60, wait=5).__aenter__())
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    async with in_redis.lock("a", ttl=1, wait=0):
        pass


def test_one_event_loop_after_another_may_use_it_even_unclosed(redis_url, prefix):
    shared = RedisShared(redis_url, prefix)

    async def use(number, close):
        await shared.set("a", b"%d" % number, 60)
        found = await shared.get("a")
        if close:
            await shared.close()
            assert await shared.get("a") == found  # and again after that
            await shared.close()
        return found

    assert [asyncio.run(use(number, close=number % 2)) for number in range(4)] == [b"0", b"1", b"2", b"3"]
    assert len(shared._clients) <= 1


FORKED = """
import asyncio, os, sys
from plugfn.cache.redis import RedisShared

shared = RedisShared(sys.argv[1], sys.argv[2])
loop = asyncio.new_event_loop()
loop.run_until_complete(shared.set("a", b"parent", 60))
child = os.fork() == 0

async def read():
    mine = b"child" if child else b"parent"
    await shared.set(mine.decode(), mine, 60)
    return all([await shared.get(mine.decode()) == mine for _ in range(300)])

right = asyncio.run(read()) if child else loop.run_until_complete(read())
if child:
    os._exit(0 if right else 3)
_, status = os.wait()
sys.exit(0 if right and status == 0 else 4)
"""


def environment():
    return {**os.environ, "PYTHONPATH": str(BACKEND)}


def test_a_process_and_its_fork_do_not_read_each_others_answers(redis_url, prefix):
    command = [sys.executable, "-W", "ignore", "-c", FORKED, redis_url, prefix]
    subprocess.run(command, env=environment(), check=True, timeout=60)


LOCKED = """
import asyncio, sys, time
from plugfn.cache.redis import RedisShared

async def visits(shared):
    for _ in range(10):
        async with shared.lock("room", ttl=20, wait=20):
            print(time.monotonic(), flush=True)
            await asyncio.sleep(0.001)
            print(time.monotonic(), flush=True)

async def main():
    shared = RedisShared(sys.argv[1], sys.argv[2])
    await asyncio.gather(*(visits(shared) for _ in range(3)))
    await shared.close()

asyncio.run(main())
"""


def batched(lines):
    return zip(lines[::2], lines[1::2], strict=True)


def test_processes_take_turns_with_a_lock(redis_url, prefix):
    command = [sys.executable, "-c", LOCKED, redis_url, prefix]
    running = [subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(3)]
    written = [process.communicate(timeout=60)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    visits = sorted((float(begin), float(end)) for lines in written for begin, end in batched(lines))
    assert len(visits) == 90
    assert all(end <= begin for (_, end), (begin, _) in pairwise(visits))


async def test_a_server_that_became_a_replica_is_left():
    """After a failover the name leads to the new primary, while open connections still lead to the replica."""
    connections = 0

    async def copy(reader, writer):
        nonlocal connections
        connections += 1
        first = connections == 1
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].upper())
            asked = words[0] in (b"SET", b"GET")
            writer.write(
                b"-READONLY You can't write against a read only replica.\r\n" if asked and first else b"+OK\r\n"
            )
        writer.close()

    server = await asyncio.start_server(copy, "127.0.0.1", 0)
    shared = RedisShared(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0?protocol=2")
    with pytest.raises(Unavailable):
        await shared.set("a", b"", 1)
    await shared.set("a", b"", 1)
    assert connections == 2
    await shared.close()
    server.close()
