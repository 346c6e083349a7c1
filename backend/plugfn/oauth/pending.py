"""Sign-ins in progress: stored for ten minutes and one use, encrypted, under the hash of their state."""

import hashlib
import secrets

from pydantic import SecretStr

from plugfn.crypto import KeyRing, Unreadable
from plugfn.definition import Model
from plugfn.errors import InvalidState
from plugfn.storage.protocol import ShortLived
from plugfn.vault.sealed_model import seal_model, unseal_model

KIND = "oauth_state"
LIFETIME = 600.0
STATE_BYTES = 32


class Pending(Model):
    """A sign-in that has been started."""

    provider: str
    user_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    verifier: SecretStr | None = None
    """The PKCE code verifier."""
    redirect_after: str = ""
    connection_id: str | None = None
    """The connection to renew, if the caller named one."""


class States:
    """Sign-ins in the store, by a hash of their state, with an encrypted body.

    A reader of the store can neither finish a sign-in nor see whose it is."""

    def __init__(self, store: ShortLived, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def new(self, pending: Pending) -> str:
        """Store the sign-in. Returns the state for the vendor: 256 random bits."""
        state = secrets.token_urlsafe(STATE_BYTES)
        place = _place(state)
        await self._store.put(KIND, place, seal_model(self._ring, pending, _context(place)), LIFETIME)
        return state

    async def peek(self, state: str) -> Pending:
        """Read it without using it up. Raises InvalidState."""
        return self._read(state, await self._store.peek(KIND, _place(state)))

    async def take(self, state: str) -> Pending:
        """Read it and use it up: of two simultaneous calls one succeeds. Raises InvalidState."""
        return self._read(state, await self._store.take(KIND, _place(state)))

    def _read(self, state: str, sealed: bytes | None) -> Pending:
        if sealed is None:
            raise InvalidState("this sign-in is unknown, expired or already finished: start again")
        try:
            return unseal_model(self._ring, Pending, sealed, _context(_place(state)))
        except (Unreadable, ValueError):
            raise InvalidState("this sign-in can no longer be read: start again") from None


def _place(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def _context(place: str) -> str:
    return f"{KIND}|{place}"
