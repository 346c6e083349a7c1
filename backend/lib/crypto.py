"""Encryption ("sealing") and digests with the keys of the settings. plugfn.crypto defines the format.

ENCRYPTION_KEYS is the ring: the first key encrypts, all of them decrypt. INDEX_KEY is for digests and blind indexes. It
never rotates, because with a new key every stored row would look changed. WEBHOOK_TOKEN_KEYS make the MACs in the
webhook addresses of single items.
"""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from plugfn.crypto import DIGEST_SIZE, HEADER_SIZE, IndexKey, KeyRing, Unreadable
from plugfn.errors import ConfigurationError

# An entry of WEBHOOK_TOKEN_KEYS that stands for INDEX_KEY, with which tokens were made before there was that setting.
INDEX_KEY_ENTRY = "INDEX_KEY"

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
    "token_macs",
    "unseal",
]


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    try:
        return KeyRing.from_keys(keys, "ENCRYPTION_KEYS")
    except ConfigurationError as error:
        raise ImproperlyConfigured(str(error)) from None


def ring() -> KeyRing:
    """The ring of the current settings. Raises ImproperlyConfigured, which never shows a key."""
    return _ring(tuple(settings.ENCRYPTION_KEYS))


def seal(plain: bytes, context: str) -> bytes:
    """Encrypt `plain`, bound to `context`. Two calls never give the same bytes."""
    return ring().seal(plain, context)


def unseal(sealed: bytes, context: str) -> bytes:
    """Decrypt what `seal` returned for the same context. Raises Unreadable."""
    return ring().unseal(sealed, context)


def is_current(sealed: bytes) -> bool:
    """Whether the first key of the ring encrypted `sealed`."""
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
    """`digest` for one purpose, with its key derived only once, for millions of digests."""
    return _index_key(settings.INDEX_KEY).digester(purpose)


def blind_index(text: str, purpose: str) -> bytes:
    """A digest to search an encrypted column for equal text. It ignores case, outer space and the Unicode form."""
    return _index_key(settings.INDEX_KEY).blind_index(text, purpose)


def token_macs(data: bytes, purpose: str) -> tuple[bytes, ...]:
    """A MAC of 16 bytes with each of WEBHOOK_TOKEN_KEYS. New tokens have the first; any of them is valid.

    Without such a key it is INDEX_KEY's digest. Raises ImproperlyConfigured, which never shows a key.
    """
    return tuple(_token_mac(key, data, purpose) for key in settings.WEBHOOK_TOKEN_KEYS or [INDEX_KEY_ENTRY])


def _token_mac(key: str, data: bytes, purpose: str) -> bytes:
    if key == INDEX_KEY_ENTRY:
        return digest(data, purpose)
    return bytes.fromhex(_token_key(key).digests(data.hex(), purpose)[0])


@lru_cache(maxsize=16)
def _token_key(key: str) -> KeyRing:
    try:
        return KeyRing.from_keys(key, "WEBHOOK_TOKEN_KEYS")
    except ConfigurationError as error:
        raise ImproperlyConfigured(str(error)) from None
