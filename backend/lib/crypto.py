"""Sealing and digests with the keys of the settings; plugfn.crypto says how, and what a sealed value looks like.

ENCRYPTION_KEYS is the ring: the first key writes, all of them read. INDEX_KEY makes digests and blind indexes and is
never rotated, because a new key would make every stored row look changed.
"""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from plugfn.crypto import DIGEST_SIZE, HEADER_SIZE, IndexKey, KeyRing, Unreadable
from plugfn.errors import ConfigurationError

__all__ = [
    "DIGEST_SIZE",
    "HEADER_SIZE",
    "KeyRing",
    "Unreadable",
    "blind_index",
    "digest",
    "digester",
    "is_current",
    "ring",
    "seal",
    "unseal",
]


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    try:
        return KeyRing.from_keys(keys, "ENCRYPTION_KEYS")
    except ConfigurationError as error:
        raise ImproperlyConfigured(str(error)) from None


def ring() -> KeyRing:
    """The ring of the current settings. Raises ImproperlyConfigured, never naming a key's value."""
    return _ring(tuple(settings.ENCRYPTION_KEYS))


def seal(plain: bytes, context: str) -> bytes:
    """Encrypt `plain`, bound to `context`. Two calls never give the same bytes."""
    return ring().seal(plain, context)


def unseal(sealed: bytes, context: str) -> bytes:
    """What `seal` was given. Raises Unreadable."""
    return ring().unseal(sealed, context)


def is_current(sealed: bytes) -> bool:
    """Whether `sealed` was written with the ring's first key."""
    return ring().is_current(sealed)


@lru_cache(maxsize=4)
def _index_key(key: str) -> IndexKey:
    try:
        return IndexKey(key, "INDEX_KEY")
    except ConfigurationError as error:
        raise ImproperlyConfigured(str(error)) from None


def digest(data: bytes, purpose: str) -> bytes:
    """A keyed digest of 16 bytes: equal for equal data and purpose, and meaningless without INDEX_KEY."""
    return _index_key(settings.INDEX_KEY).digest(data, purpose)


def digester(purpose: str) -> Callable[[bytes], bytes]:
    """`digest` for one purpose, with its key found once: for those who digest by the million."""
    return _index_key(settings.INDEX_KEY).digester(purpose)


def blind_index(text: str, purpose: str) -> bytes:
    """A digest to search an encrypted column by equality; case, surrounding space and Unicode form do not count."""
    return _index_key(settings.INDEX_KEY).blind_index(text, purpose)
