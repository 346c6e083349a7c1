"""Shared state in Redis or Valkey, for all processes on any number of machines. A single server, not a cluster.

Times are the server's, so the callers' clocks need not agree.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ReadOnlyError, RedisError

from plugfn.cache.waiting import acquired
from plugfn.errors import ConfigurationError, Unavailable
from plugfn.resilience.breaker import ENTER, FAIL, READ, Breaker, CircuitState
from plugfn.resilience.budget import PAUSE, TAKE, USED, Budget, Usage

log = logging.getLogger("plugfn")

MAX_CONNECTIONS = 32
ANSWER_SECONDS = 3.0
# Breakers that this process knows have failed. Beyond this many the first are dropped, and expire by themselves.
MAX_FAILING = 10_000

# KEYS: the lock. ARGV: owner, milliseconds. A repeated request by the same owner (its answer was lost) succeeds.
_ACQUIRE = """
local owner = redis.call('get', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
"""

# When it has expired, another holder may have the lock, which must not be released. KEYS: the lock. ARGV: owner.
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class _Client:
    """A client for one event loop, with the Lua scripts."""

    def __init__(self, pool: BlockingConnectionPool) -> None:
        self.redis: Redis = Redis.from_pool(pool)
        texts = (TAKE, PAUSE, ENTER, FAIL, _ACQUIRE, _RELEASE, USED, READ)
        scripts = (self.redis.register_script(text) for text in texts)
        self.take, self.pause, self.enter, self.fail, self.acquire, self.release, self.used, self.read = scripts


class RedisShared:
    """Implements plugfn.cache.protocol.Shared. It may be used from any number of threads, event loops and processes."""

    def __init__(self, url: str, prefix: str = "plugfn:") -> None:
        """`url`: redis://, rediss:// (TLS) or unix://. All keys begin with `prefix`. Raises ConfigurationError."""
        self._url, self._prefix = url, prefix
        self._clients: dict[asyncio.AbstractEventLoop, _Client] = {}
        self._failing: dict[str, None] = {}
        try:
            pool: Any = self._pool()
            pool.make_connection()  # does not connect yet
        except (TypeError, ValueError):
            # The original error is not shown: it may quote part of the password.
            raise ConfigurationError("the Redis URL is not a valid redis://, rediss:// or unix:// URL") from None

    def __repr__(self) -> str:
        return f"<RedisShared {self._prefix}>"

    async def get(self, key: str) -> bytes | None:
        """A cached value."""
        value: Any = await self._ask(lambda client: client.redis.get(self._key("value", key)))
        return None if value is None else bytes(value)

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Cache a value for `ttl` seconds."""
        name, ends = self._key("value", key), _milliseconds(ttl)
        await self._ask(lambda client: client.redis.set(name, value, px=ends))

    async def delete(self, key: str) -> None:
        """Remove a cached value."""
        await self._ask(lambda client: client.redis.delete(self._key("value", key)))

    def lock(self, name: str, *, ttl: float, wait: float) -> AbstractAsyncContextManager[None]:
        """A lock, held for at most `ttl` seconds. Raises Unavailable (code "locked") after waiting `wait` seconds."""
        return self._hold(self._key("lock", name), ttl, wait)

    @asynccontextmanager
    async def _hold(self, key: str, ttl: float, wait: float) -> AsyncIterator[None]:
        owner = secrets.token_hex(8)

        async def attempt() -> bool:
            return bool(await self._ask(lambda client: client.acquire([key], [owner, _milliseconds(ttl)])))

        try:
            await acquired(attempt, wait)
        except asyncio.CancelledError:
            await self._release(key, owner)  # the server may have granted the lock nevertheless
            raise
        try:
            yield
        finally:
            await self._release(key, owner)

    async def _release(self, key: str, owner: str) -> None:
        try:
            await self._ask(lambda client: client.release([key], [owner]))
        except Unavailable as error:
            # This does not affect the work under the lock, and the lock expires by itself.
            log.warning("a lock was not released; it expires by itself: %s", error)

    async def take(self, budget: Budget) -> float:
        """Take one call from a budget: 0.0 when granted, else the seconds until the next one. One round trip."""
        keys = self._keys_of(budget)
        wait = int(await self._ask(lambda client: client.take(keys, budget.take_arguments)))
        return budget.later(wait / 1_000_000) if wait > 0 else 0.0

    async def usage(self, budget: Budget) -> Usage:
        """How a budget stands. Takes no call."""
        keys = self._keys_of(budget)
        used, paused = await self._ask(lambda client: client.used(keys, budget.take_arguments))
        return Usage(budget.limit, budget.per_seconds, int(used), int(paused) / 1000)

    def _keys_of(self, budget: Budget) -> list[str]:
        stamps = self._key("budget", f"{budget.name}:{budget.limit}/{budget.per_seconds}")
        return [stamps, self._key("paused", budget.name)]

    async def pause(self, budget: Budget, seconds: float) -> None:
        """Grant no call of this budget for `seconds`, because the vendor asked for it."""
        keys = [self._key("paused", budget.name)]
        await self._ask(lambda client: client.pause(keys, [_milliseconds(seconds)]))

    async def enter(self, breaker: Breaker) -> float:
        """Call before a request: 0.0 to go on, else the seconds for which requests are blocked."""
        keys = [self._key("circuit", breaker.name)]
        wait = int(await self._ask(lambda client: client.enter(keys, breaker.enter_arguments)))
        self._note(breaker, failing=wait >= 0)
        return breaker.later(wait / 1000) if wait > 0 else 0.0

    async def succeed(self, breaker: Breaker) -> None:
        """The call was answered: close the breaker. Without earlier failures it sends nothing."""
        if breaker.name in self._failing:
            await self._ask(lambda client: client.redis.delete(self._key("circuit", breaker.name)))
            self._note(breaker, failing=False)

    async def fail(self, breaker: Breaker) -> bool:
        """The call failed. True when that opened the breaker."""
        keys = [self._key("circuit", breaker.name)]
        opened = await self._ask(lambda client: client.fail(keys, breaker.fail_arguments))
        self._note(breaker, failing=True)
        return bool(opened)

    def _note(self, breaker: Breaker, failing: bool) -> None:
        if not failing:
            self._failing.pop(breaker.name, None)
            return
        self._failing[breaker.name] = None
        if len(self._failing) > MAX_FAILING:
            self._failing.pop(next(iter(self._failing)), None)

    async def circuit(self, breaker: Breaker) -> CircuitState:
        """How a breaker stands. Is no probe."""
        keys = [self._key("circuit", breaker.name)]
        failures, blocked = await self._ask(lambda client: client.read(keys))
        return CircuitState(int(failures), int(blocked) / 1000)

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.redis.aclose(close_connection_pool=True)

    async def _ask(self, question: Callable[[_Client], Awaitable[Any]]) -> Any:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await question(self._client())
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            if isinstance(error, ReadOnlyError):
                # This server is a replica now: after a failover its name may lead to the new primary.
                await self._client().redis.connection_pool.disconnect(inuse_connections=False)
            raise Unavailable("the shared state (Redis) cannot be reached", code="shared_state") from error

    def _client(self) -> _Client:
        """The running event loop's client. Other loops' connections cannot be used; a fork has a new loop too."""
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            for other in list(self._clients):
                if other.is_closed():
                    self._clients.pop(other, None)
            client = self._clients[loop] = _Client(self._pool())
        return client

    def _pool(self) -> BlockingConnectionPool:
        # No timeouts of redis-py: it uses asyncio.wait_for, which before Python 3.12 can lose a cancellation that comes
        # as sending ends, and creates a task each time. `_ask` has a timeout for the whole request.
        options: dict[str, Any] = {
            "max_connections": MAX_CONNECTIONS,
            "timeout": None,
            "socket_timeout": None,
            "socket_connect_timeout": None,
            "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.2), 1),
        }
        return BlockingConnectionPool.from_url(self._url, **options)

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}{kind}:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
