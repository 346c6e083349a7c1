"""JSON web tokens: API keys (HS256) and connect tokens (RS256), signed with keys of this process."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from . import rsa_key

Claims = dict[str, Any]


class Mint:
    """Makes and reads tokens. Every process has new keys, so a restart invalidates all tokens."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, claims: Claims, ttl: float, algorithm: str = "HS256") -> str:
        """A token that expires `ttl` seconds from now; `exp` and `iat` are whole seconds."""
        now = time.time()
        full = {**claims, "iat": int(now), "exp": int(now + ttl)}
        head = f"{_encode({'alg': algorithm, 'typ': 'JWT'})}.{_encode(full)}"
        signature = rsa_key.sign(head.encode()) if algorithm == "RS256" else self._mac(head)
        return f"{head}.{_base64url(signature)}"

    def read(self, token: str) -> Claims | None:
        """The claims of a genuine token that has not expired, or None."""
        head, _, signature = token.rpartition(".")
        try:
            if not self._genuine(head, _decode(signature)):
                return None
            claims: Claims = json.loads(_decode(head.partition(".")[2]))
        except (ValueError, KeyError, TypeError):
            return None
        return claims if claims["exp"] > time.time() else None

    def _genuine(self, head: str, signature: bytes) -> bool:
        algorithm = json.loads(_decode(head.partition(".")[0]))["alg"] if head else ""
        if algorithm == "RS256":
            return rsa_key.signed(head.encode(), signature)
        return algorithm == "HS256" and hmac.compare_digest(self._mac(head), signature)

    def _mac(self, head: str) -> bytes:
        return hmac.digest(self._key, head.encode(), hashlib.sha256)


def _encode(doc: Claims) -> str:
    return _base64url(json.dumps(doc, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
