"""Django's cache in Valkey, which may be wiped or down at any time: while it is down, the cache is empty."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Seconds without a question after a failure, or each page would wait for the same connection again and again.
PAUSE = 5.0
# Until when each server counts as down.
_down: dict[str, float] = {}


def _empty(answer: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """While Valkey is down, answer as an empty cache does."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def ask(self: Any, *args: Any, **kwargs: Any) -> Any:
            server = str(self._servers)
            if time.monotonic() >= _down.get(server, 0.0):
                try:
                    return method(self, *args, **kwargs)
                except RedisError:
                    _down[server] = time.monotonic() + PAUSE
                    logger.warning("Redis does not answer, so the cache is empty; check REDIS_URL.")
            return answer(*args, **kwargs)

        return ask

    return decorate


def _default(_key: str, default: Any = None, *_args: Any, **_kwargs: Any) -> Any:
    return default


class Cache(RedisCache):
    """Limits that count in it are open while Valkey is down; see lib.login_limit for why."""

    add = _empty(lambda *_a, **_k: True)(RedisCache.add)
    get = _empty(_default)(RedisCache.get)
    set = _empty(lambda *_a, **_k: None)(RedisCache.set)
    touch = _empty(lambda *_a, **_k: False)(RedisCache.touch)
    delete = _empty(lambda *_a, **_k: False)(RedisCache.delete)
    has_key = _empty(lambda *_a, **_k: False)(RedisCache.has_key)
    get_many = _empty(lambda *_a, **_k: {})(RedisCache.get_many)
    set_many = _empty(lambda *_a, **_k: [])(RedisCache.set_many)
    delete_many = _empty(lambda *_a, **_k: None)(RedisCache.delete_many)
