"""Disconnecting."""

from plugfn.connection import Connection
from plugfn.connections.reading import Reading
from plugfn.definition import OAuth2, OAuthTokens
from plugfn.errors import NeedsReconnect, Unavailable
from plugfn.oauth.app import app_of
from plugfn.oauth.refresh import lock_of
from plugfn.oauth.revocation import revoked
from plugfn.problems import validated


class Ending(Reading):
    """Ends connections."""

    async def disconnect(self, connection_id: str, user_id: str) -> str:
        """Remove the connection, and try to revoke its tokens at the vendor first.

        Returns how the revocation went: "revoked", "unsupported", or an error's code. Raises NoConnection."""
        connection = await self.get(connection_id, user_id)
        try:
            # Not during a refresh: its new tokens would never be revoked.
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
        # A user can also disconnect from a provider that is no longer registered; nothing is revoked there.
        kind = self._registry.get(connection.provider) if connection.provider in self._registry else None
        if kind is None or not isinstance(kind.auth, OAuth2):
            return "unsupported"
        try:
            stored = await self._read(kind, connection)
        except NeedsReconnect as error:
            return error.code
        tokens = validated(OAuthTokens, stored.credentials, "the credentials")
        return await revoked(app_of(self._registry, kind.name), connection, tokens, self._pool, self._guard)
