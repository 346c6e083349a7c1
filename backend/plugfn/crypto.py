"""AES-256-GCM with a ring of keys, and keyed digests for comparing what is encrypted.

A sealed value is `version (1 byte) | key id (4 bytes) | nonce (12 bytes) | ciphertext and tag (16 bytes)`. The context
in which it was sealed (which row, which column) is its associated data: in another place it cannot be opened. The
first key of the ring encrypts, all of them decrypt. An index key makes digests and blind indexes. It is never rotated,
because a new key would make every stored row look changed.
"""

import base64
import binascii
import hashlib
import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugfn.errors import ConfigurationError

VERSION = b"\x01"
KEY_SIZE = 32
KEY_ID_SIZE = 4
NONCE_SIZE = 12
HEADER_SIZE = len(VERSION) + KEY_ID_SIZE + NONCE_SIZE
DIGEST_SIZE = 16
INDEX_KEY_LENGTH = 32
MAKE_ONE = "plugfn.new_key() generates one"

_TO_STANDARD = str.maketrans("-_", "+/")


class Unreadable(ValueError):
    """No key of the ring opens this value in this context: it was changed, moved, or its key was removed."""


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Ciphers by key id. `writer` is the id of the key that encrypts new values."""

    writer: bytes
    ciphers: dict[bytes, AESGCM]
    index_keys: tuple[bytes, ...] = ()
    """Keys for digests, one derived from each key of the ring, the writer's first."""

    @classmethod
    def from_keys(cls, keys: str | Sequence[str], setting: str = "encryption_key") -> "KeyRing":
        """A ring of keys of 32 bytes in base64 (standard or URL-safe). A single key needs no list.

        Raises ConfigurationError, whose message has the name of the setting and never a key.
        """
        listed = [keys] if isinstance(keys, str | bytes) else list(keys or ())
        if not any(listed):
            raise ConfigurationError(
                f"{setting} is empty: set at least one base64 key of {KEY_SIZE} bytes; {MAKE_ONE}."
            )
        raw = [_decoded(key, setting) for key in listed]
        if len({key_id(key) for key in raw}) < len(set(raw)):
            raise ConfigurationError(f"{setting} holds two keys with the same id, which is rare: generate another.")
        return cls(
            writer=key_id(raw[0]),
            ciphers={key_id(key): AESGCM(key) for key in raw},
            index_keys=tuple(hashlib.blake2b(b"index", key=key, digest_size=32).digest() for key in raw),
        )

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self.ciphers)}>"

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt `plain`, bound to `context`. Each call returns different bytes."""
        nonce = os.urandom(NONCE_SIZE)
        sealed = self.ciphers[self.writer].encrypt(nonce, plain, context.encode())
        return b"".join((VERSION, self.writer, nonce, sealed))

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned. Raises Unreadable."""
        cipher = self.ciphers.get(sealed[1 : 1 + KEY_ID_SIZE])
        if sealed[:1] != VERSION or len(sealed) < HEADER_SIZE or cipher is None:
            raise Unreadable("sealed with an unknown version or key")
        nonce = sealed[1 + KEY_ID_SIZE : HEADER_SIZE]
        try:
            return cipher.decrypt(nonce, sealed[HEADER_SIZE:], context.encode())
        except InvalidTag as error:
            raise Unreadable("does not open in this context") from error

    def digests(self, text: str, purpose: str) -> tuple[str, ...]:
        """Keyed digests of a sealed text, in hex, to search for it by equality: store the first, search for any.

        Unlike an IndexKey's, these change with the ring's first key: a row that is resealed gets a new digest."""
        data = f"{purpose}|{text}".encode("utf-8", "surrogatepass")
        return tuple(hashlib.blake2b(data, key=key, digest_size=DIGEST_SIZE).hexdigest() for key in self.index_keys)

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` was encrypted with the ring's first key."""
        return sealed[1 : 1 + KEY_ID_SIZE] == self.writer


def _decoded(key: object, setting: str) -> bytes:
    if not isinstance(key, str):
        raise ConfigurationError(f"{setting} holds a key that is not text: give it in base64; {MAKE_ONE}.")
    padded = key.translate(_TO_STANDARD) + "=" * (-len(key) % 4)
    try:
        raw = base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{setting} holds a key that is not base64; {MAKE_ONE}.") from None
    if len(raw) != KEY_SIZE:
        raise ConfigurationError(f"{setting} holds a key that is not {KEY_SIZE} bytes long in base64; {MAKE_ONE}.")
    return raw


def new_key() -> str:
    """A new key for a ring: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(KEY_SIZE)).decode()


def key_id(key: bytes) -> bytes:
    """The four bytes that identify a key inside a sealed value; they reveal nothing about the key."""
    # This label is part of the format: with another one, no stored value would find its key.
    return hashlib.sha256(b"ponte key id" + key).digest()[:KEY_ID_SIZE]


class IndexKey:
    """Makes keyed digests: equal for equal data and purpose, and meaningless without the key."""

    __slots__ = ("_key",)

    def __init__(self, key: str, setting: str = "index_key") -> None:
        """`key` is any text of at least 32 characters. Raises ConfigurationError, which names only the `setting`."""
        if len(key) < INDEX_KEY_LENGTH:
            raise ConfigurationError(f"{setting} must be set, to at least {INDEX_KEY_LENGTH} characters.")
        self._key = key

    def digest(self, data: bytes, purpose: str) -> bytes:
        """A digest of 16 bytes."""
        return self.digester(purpose)(data)

    def digester(self, purpose: str) -> Callable[[bytes], bytes]:
        """`digest` for one purpose. It derives the key once, for callers that make millions of digests."""
        keyed = hashlib.blake2b(key=_digest_key(self._key, purpose), digest_size=DIGEST_SIZE)

        def digest_of(data: bytes) -> bytes:
            state = keyed.copy()
            state.update(data)
            return state.digest()

        return digest_of

    def blind_index(self, text: str, purpose: str) -> bytes:
        """A digest to search an encrypted column by equality. It ignores case, outer space and Unicode form."""
        return self.digest(unicodedata.normalize("NFC", text.strip().casefold()).encode(), purpose)


@lru_cache(maxsize=64)
def _digest_key(index_key: str, purpose: str) -> bytes:
    key = index_key.encode()
    # BLAKE2b takes keys of up to 64 bytes: a longer key is hashed first, so that all of its bytes count.
    key = key if len(key) <= 64 else hashlib.blake2b(key).digest()
    return hashlib.blake2b(purpose.encode(), key=key, digest_size=32).digest()
