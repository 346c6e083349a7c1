"""AES-256-GCM at rest, with a ring of keys, and keyed digests for comparing what is encrypted.

A sealed value is `version (1 byte) | key id (4 bytes) | nonce (12 bytes) | ciphertext and tag`. The context in which it
was sealed (model, natural key, column) is its associated data: moved to another row, it does not open. ENCRYPTION_KEYS
is the ring: the first key writes, all of them read. INDEX_KEY makes digests and blind indexes and is never rotated,
because a new key would make every stored row look changed.
"""

import base64
import binascii
import hashlib
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = b"\x01"
KEY_ID_SIZE = 4
NONCE_SIZE = 12
HEADER_SIZE = len(VERSION) + KEY_ID_SIZE + NONCE_SIZE
DIGEST_SIZE = 16


class Unreadable(ValueError):
    """A sealed value that no key of the ring opens in this context: tampered with, moved, or its key was dropped."""


@dataclass(frozen=True)
class KeyRing:
    """Ciphers by key id; `writer` is the id new values are sealed with."""

    writer: bytes
    ciphers: dict[bytes, AESGCM]

    @classmethod
    def from_keys(cls, keys: tuple[str, ...]) -> "KeyRing":
        """A ring of base64 keys, each of 32 bytes. Raises ImproperlyConfigured, never naming a key's value."""
        if not keys:
            raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: set at least one base64 key of 32 bytes.")
        raw = [_decode(key) for key in keys]
        return cls(writer=key_id(raw[0]), ciphers={key_id(key): AESGCM(key) for key in raw})

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt `plain`, bound to `context`. Two calls never give the same bytes."""
        nonce = os.urandom(NONCE_SIZE)
        sealed = self.ciphers[self.writer].encrypt(nonce, plain, context.encode())
        return b"".join((VERSION, self.writer, nonce, sealed))


def _decode(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a key that is not base64.") from error
    if len(raw) != 32:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a key that is not 32 bytes long.")
    return raw


def key_id(key: bytes) -> bytes:
    """The four bytes that name a key inside what it sealed; they reveal nothing of it."""
    return hashlib.sha256(b"ponte key id" + key).digest()[:KEY_ID_SIZE]


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing.from_keys(keys)


def ring() -> KeyRing:
    """The ring of the current settings."""
    return _ring(tuple(settings.ENCRYPTION_KEYS))


def seal(plain: bytes, context: str) -> bytes:
    """Encrypt `plain`, bound to `context`. Two calls never give the same bytes."""
    return ring().seal(plain, context)


def unseal(sealed: bytes, context: str) -> bytes:
    """What `seal` was given. Raises Unreadable."""
    cipher = ring().ciphers.get(sealed[1 : 1 + KEY_ID_SIZE])
    if sealed[:1] != VERSION or len(sealed) < HEADER_SIZE or cipher is None:
        raise Unreadable("sealed with an unknown version or key")
    nonce = sealed[1 + KEY_ID_SIZE : HEADER_SIZE]
    try:
        return cipher.decrypt(nonce, sealed[HEADER_SIZE:], context.encode())
    except InvalidTag as error:
        raise Unreadable("does not open in this context") from error


def is_current(sealed: bytes) -> bool:
    """Whether `sealed` was written with the ring's first key."""
    return sealed[1 : 1 + KEY_ID_SIZE] == ring().writer


@lru_cache(maxsize=16)
def _digest_key(index_key: str, purpose: str) -> bytes:
    if len(index_key) < 32:
        raise ImproperlyConfigured("INDEX_KEY must be set, to at least 32 characters.")
    key = index_key.encode()
    # BLAKE2b takes keys of up to 64 bytes; of a longer one every byte must count too.
    key = key if len(key) <= 64 else hashlib.blake2b(key).digest()
    return hashlib.blake2b(purpose.encode(), key=key, digest_size=32).digest()


def digest(data: bytes, purpose: str) -> bytes:
    """A keyed digest of 16 bytes: equal for equal data and purpose, and meaningless without INDEX_KEY."""
    return digester(purpose)(data)


def digester(purpose: str) -> Callable[[bytes], bytes]:
    """`digest` for one purpose, with its key found once: for those who digest by the million."""
    keyed = hashlib.blake2b(key=_digest_key(settings.INDEX_KEY, purpose), digest_size=DIGEST_SIZE)

    def digest_of(data: bytes) -> bytes:
        state = keyed.copy()
        state.update(data)
        return state.digest()

    return digest_of


def blind_index(text: str, purpose: str) -> bytes:
    """A digest to search an encrypted column by equality; case, surrounding space and Unicode form do not count."""
    return digest(unicodedata.normalize("NFC", text.strip().casefold()).encode(), purpose)
