"""The API key: all workers share it, sealed in Redis, and one worker at a time fetches a new one.

A key is valid for two hours. At nine tenths of that time one worker fetches the next key, while the others use the old
one. When Pluggy refuses a key, the first worker that notices replaces it, and the others read the new one.
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
# Longer than a call can take, so that a second worker never fetches a key while the first one still does.
LOCK_SECONDS = 45
WAIT_SECONDS = 20.0
POLL_SECONDS = 0.05
# After Pluggy refuses the credentials, no worker asks again for this long.
REFUSED_SECONDS = 60

CONTEXT = "pluggy api key"

_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


@dataclass(frozen=True, repr=False)
class Key:
    """A key, the time to renew it, and the time when it ends, by our own clock (Unix seconds)."""

    value: str
    renew_at: float
    ends_at: float


class KeyCache:
    """The key of the application `name`. `fetch` asks Pluggy for a new key and returns it, a JWT."""

    def __init__(self, redis: Redis, name: str, fetch: Callable[[], str]) -> None:
        self._redis, self._fetch = redis, fetch
        self._key, self._lock, self._refused = (f"pluggy:{name}:{part}" for part in ("key", "key-lock", "refused"))
        self._release = redis.register_script(_RELEASE)

    def get(self) -> str:
        """A key that should work. Raises CredentialsRefused or Temporary."""
        key = self._load()
        if key and time.time() < key.renew_at:
            return key.value
        return self._renew(key)

    def replace(self, rejected: str) -> str:
        """A key other than `rejected`, which Pluggy refused. Raises CredentialsRefused or Temporary."""
        key = self._load()
        if key and key.value != rejected:
            return key.value
        return self._renew(None, rejected=rejected)

    def _renew(self, usable: Key | None, rejected: str = "") -> str:
        """The worker with the lock fetches a new key. The others use `usable`, or wait for the new key."""
        owner, give_up = secrets.token_hex(8), time.monotonic() + WAIT_SECONDS
        while not self._take_lock(owner):
            if usable:
                return usable.value
            if time.monotonic() > give_up:
                raise Temporary("another worker is renewing the API key", error_type=ErrorType.AUTHENTICATION_ERROR)
            time.sleep(POLL_SECONDS)
            key = self._load()
            if key and key.value != rejected:
                return key.value
        try:
            return self._load_or_fetch(rejected, usable)
        finally:
            self._do(lambda: self._release([self._lock], [owner]))

    def _load_or_fetch(self, rejected: str, usable: Key | None) -> str:
        """Return the key that another worker has stored meanwhile, or fetch a new one. Call this with the lock."""
        key = self._load()
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

    def _load(self) -> Key | None:
        sealed = self._do(lambda: self._redis.get(self._key))
        if not isinstance(sealed, bytes):
            return None
        try:
            return Key(**json.loads(crypto.unseal(sealed, CONTEXT)))
        except crypto.Unreadable:  # sealed with an encryption key that has since been removed
            return None

    def _take_lock(self, owner: str) -> bool:
        return bool(self._do(lambda: self._redis.set(self._lock, owner, nx=True, ex=LOCK_SECONDS)))

    def _do(self, step: Callable[[], object]) -> object:
        try:
            return step()
        except RedisError as error:
            raise Temporary("Redis, which stores the API key, failed", error_type=ErrorType.INTERNAL_ERROR) from error


def lifetime(jwt: str) -> float:
    """The lifetime of a key in seconds: `exp` minus `iat`, so that a wrong clock at Pluggy does not matter."""
    try:
        claims = json.loads(urlsafe_b64decode(jwt.split(".")[1] + "=="))
        life = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return LIFE_SECONDS
    return min(life, LIFE_SECONDS) if life > 0 else LIFE_SECONDS


def _refused() -> CredentialsRefused:
    return CredentialsRefused(
        "auth: Pluggy refused the client id and secret a moment ago",
        error_type=ErrorType.AUTHENTICATION_ERROR,
        code="CLIENT_KEYS_UNAUTHORIZED",
    )
