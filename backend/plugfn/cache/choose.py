"""Creates the shared state for PlugFn's `redis`."""

from plugfn.cache.memory import MemoryShared
from plugfn.cache.protocol import Shared
from plugfn.extras import part


def shared_of(redis: str | Shared | None) -> Shared:
    """A Shared as it is; a RedisShared for a URL; this process's memory for None."""
    if redis is None:
        return MemoryShared()
    if not isinstance(redis, str):
        return redis
    shared: Shared = part("plugfn.cache.redis:RedisShared", "redis")(redis)
    return shared
