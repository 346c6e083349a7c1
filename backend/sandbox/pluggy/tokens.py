"""JSON web tokens: API keys and connect tokens, signed with a key of this process."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

Claims = dict[str, Any]


class Mint:
    """Makes and reads tokens (HS256). The signing key is new in every process: a restart ends all tokens."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, claims: Claims, ttl: float) -> str:
        """A token that ends `ttl` seconds from now; `exp` and `iat` are whole seconds."""
        issued = int(time.time())
        full = {**claims, "iat": issued, "exp": int(time.time() + ttl)}
        head = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(full)}"
        return f"{head}.{self._sign(head)}"

    def read(self, token: str) -> Claims | None:
        """The claims of a token that is genuine and has not ended; otherwise None."""
        head, _, signature = token.rpartition(".")
        if not head or not hmac.compare_digest(self._sign(head).encode(), signature.encode()):
            return None
        claims: Claims = json.loads(_decode(head.partition(".")[2]))
        return claims if claims["exp"] > time.time() else None

    def _sign(self, head: str) -> str:
        return _base64url(hmac.digest(self._key, head.encode(), hashlib.sha256))


def _encode(doc: Claims) -> str:
    return _base64url(json.dumps(doc, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
