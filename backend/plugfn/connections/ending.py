"""Ending connections."""

from plugfn.connection import Connection
from plugfn.connections.reading import Reading
from plugfn.definition import OAuth2, OAuthTokens
from plugfn.errors import NeedsReconnect, Unavailable
from plugfn.oauth.app import app_of
from plugfn.oauth.refresh import lock_of
from plugfn.oauth.revocation import revoked
from plugfn.problems import validated


class Ending(Reading):
    """Users disconnect here."""

    async def disconnect(self, connection_id: str, user_id: str) -> str:
        """Take the grant back at the vendor as well as it goes, and remove the connection all the same.

        What came of it at the vendor: "revoked", "unsupported", or an error's code. Raises NoConnection."""
        connection = await self.get(connection_id, user_id)
        try:
            # Not in the midst of a refresh, whose new tokens nobody would take back.
            async with self._lock(lock_of(connection)):
                return await self._disconnect(connection)
        except Unavailable as error:
            if error.code not in ("locked", "shared_state"):
                raise
            return await self._disconnect(connection)

    async def _disconnect(self, connection: Connection) -> str:
        outcome = await self._revoke(connection)
        await self._vault.remove(connection.id)
        return outcome

    async def _revoke(self, connection: Connection) -> str:
        # A provider that this program no longer has can be told nothing, and must not hold its users fast.
        kind = self._registry.get(connection.provider) if connection.provider in self._registry else None
        if kind is None or not isinstance(kind.auth, OAuth2):
            return "unsupported"
        try:
            kept = await self._read(kind, connection)
        except NeedsReconnect as error:
            return error.code
        tokens = validated(OAuthTokens, kept.credentials, "the credentials")
        return await revoked(app_of(self._registry, kind.name), connection, tokens, self._pool, self._guard)
