"""The API key, shared by all workers: kept sealed in Redis, and fetched by one of them at a time.

It lives two hours. At nine tenths of that one worker fetches the next, while the others go on with the old one; when
Pluggy refuses a key, the first to notice replaces it, and those who noticed later find the new one.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import asdict, dataclass

from redis import Redis
from redis.exceptions import RedisError

from apps.banking.aggregators.pluggy.errors import CredentialsRefused
from lib import crypto
from lib.errors import ErrorType, Temporary

LIFE_SECONDS = 2 * 3600.0
RENEW_AT = 0.9
# Longer than a call can take: whoever holds the lock and dies must not be overtaken by a second call.
LOCK_SECONDS = 45
WAIT_SECONDS = 20.0
POLL_SECONDS = 0.05
# After a refusal of the credentials nobody asks again for so long.
REFUSED_SECONDS = 60

CONTEXT = "pluggy api key"

_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


@dataclass(frozen=True, repr=False)
class Key:
    """A key, and when to renew it and when it ends, both by our own clock (Unix seconds)."""

    value: str
    renew_at: float
    ends_at: float


class KeyCache:
    """The key of one application, `name`. `fetch` asks Pluggy for a new one, and returns its JWT."""

    def __init__(self, redis: Redis, name: str, fetch: Callable[[], str]) -> None:
        self._redis, self._fetch = redis, fetch
        self._key, self._lock, self._refused = (f"pluggy:{name}:{part}" for part in ("key", "key-lock", "refused"))
        self._release = redis.register_script(_RELEASE)

    def get(self) -> str:
        """A key that should work. Raises CredentialsRefused, and Temporary."""
        key = self._stored()
        if key and time.time() < key.renew_at:
            return key.value
        return self._renewed(key)

    def replace(self, rejected: str) -> str:
        """A key other than `rejected`, which Pluggy refused. Raises as `get` does."""
        key = self._stored()
        if key and key.value != rejected:
            return key.value
        return self._renewed(None, rejected=rejected)

    def _renewed(self, usable: Key | None, rejected: str = "") -> str:
        """A new key, by whoever has the lock; the others take `usable`, or wait for the new one."""
        mark, give_up = secrets.token_hex(8), time.monotonic() + WAIT_SECONDS
        while not self._take_lock(mark):
            if usable:
                return usable.value
            if time.monotonic() > give_up:
                raise Temporary("the API key is being renewed", error_type=ErrorType.AUTHENTICATION_ERROR)
            time.sleep(POLL_SECONDS)
            key = self._stored()
            if key and key.value != rejected:
                return key.value
        try:
            return self._fetched(rejected, usable)
        finally:
            self._do(lambda: self._release([self._lock], [mark]))

    def _fetched(self, rejected: str, usable: Key | None) -> str:
        """With the lock: the key that came meanwhile, or a new one."""
        key = self._stored()
        if key and key.value != rejected and key != usable:
            return key.value
        if self._do(lambda: self._redis.exists(self._refused)):
            raise _refused()
        try:
            value = self._fetch()
        except CredentialsRefused:
            self._do(lambda: self._redis.set(self._refused, 1, ex=REFUSED_SECONDS))
            raise
        self._store(value)
        return value

    def _store(self, value: str) -> None:
        life = lifetime(value)
        key = Key(value, renew_at=time.time() + RENEW_AT * life, ends_at=time.time() + life)
        sealed = crypto.seal(json.dumps(asdict(key)).encode(), CONTEXT)
        self._do(lambda: self._redis.set(self._key, sealed, px=max(1, int(life * 1000))))

    def _stored(self) -> Key | None:
        sealed = self._do(lambda: self._redis.get(self._key))
        if not isinstance(sealed, bytes):
            return None
        try:
            return Key(**json.loads(crypto.unseal(sealed, CONTEXT)))
        except crypto.Unreadable:  # sealed with an encryption key that was dropped since
            return None

    def _take_lock(self, mark: str) -> bool:
        return bool(self._do(lambda: self._redis.set(self._lock, mark, nx=True, ex=LOCK_SECONDS)))

    def _do(self, step: Callable[[], object]) -> object:
        try:
            return step()
        except RedisError as error:
            raise Temporary("the API key cannot be read", error_type=ErrorType.INTERNAL_ERROR) from error


def lifetime(jwt: str) -> float:
    """Seconds a key lives, from its `iat` and `exp`: a difference, so that no clock but ours counts."""
    try:
        claims = json.loads(urlsafe_b64decode(jwt.split(".")[1] + "=="))
        life = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return LIFE_SECONDS
    return min(life, LIFE_SECONDS) if life > 0 else LIFE_SECONDS


def _refused() -> CredentialsRefused:
    return CredentialsRefused(
        "auth: the client id and secret were refused a moment ago",
        error_type=ErrorType.AUTHENTICATION_ERROR,
        code="CLIENT_KEYS_UNAUTHORIZED",
    )
