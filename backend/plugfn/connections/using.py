"""Using connections: which connection a call uses, its credentials, and what happens when the vendor refuses them."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plugfn.connection import Connection, ConnectionStatus
from plugfn.connections.checks import check_provider, check_user, fit_label
from plugfn.connections.reading import Reading
from plugfn.definition import Model, OAuth2, OAuthTokens, Provider
from plugfn.errors import AmbiguousConnection, InvalidCall, NeedsReconnect, NoConnection, PlugFnError
from plugfn.oauth.app import app_of
from plugfn.vault.sealed_connections import StoredConnection

log = logging.getLogger("plugfn")

NOTED_EVERY = timedelta(minutes=1)
"""How precise last_used_at is: a write for every call would cost more than the call."""


class Using(Reading):
    """What the executor needs of connections."""

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        """The connection with this id, or the only one that the user has at this provider."""
        connection = (
            await self._only(provider, user_id) if connection_id is None else await self.get(connection_id, user_id)
        )
        check_provider(connection, provider)
        if connection.status is ConnectionStatus.NEEDS_REAUTH:
            raise NeedsReconnect("this connection needs its user to connect again", code=connection.error_code)
        return connection

    async def _only(self, provider: Provider, user_id: str) -> Connection:
        connections = await self._vault.of_user(check_user(user_id), provider.name, limit=2)
        if not connections:
            raise NoConnection(f"the user has no connection at {provider.label}", provider=provider.name)
        if len(connections) > 1:
            raise AmbiguousConnection(
                f"the user has several connections at {provider.label}: give connection_id", provider=provider.name
            )
        return connections[0]

    async def credentials(self, provider: Provider, connection: Connection) -> Model:
        """The credentials for a call. A token that is about to expire is renewed first.

        Raises NeedsReconnect, TryLater (it cannot be renewed now), NoConnection."""
        stored = await self._read(provider, connection)
        await self._note_use(stored.connection)
        if not isinstance(provider.auth, OAuth2):
            return stored.credentials
        return await self._refresher.tokens(app_of(self._registry, provider.name), stored)

    async def renewed(self, provider: Provider, connection: Connection, refused: Model) -> Model | None:
        """New credentials after the vendor refused these; None when there are none.

        Raises NeedsReconnect when the vendor refuses to renew them, TryLater when the vendor cannot be reached now."""
        stored = await self._read(provider, connection)
        if stored.credentials != refused and not isinstance(refused, OAuthTokens):
            return stored.credentials
        if not isinstance(refused, OAuthTokens) or not isinstance(provider.auth, OAuth2):
            return None
        tokens = await self._refresher.tokens(app_of(self._registry, provider.name), stored, refused=refused)
        return None if tokens.access_token == refused.access_token else tokens

    async def needs_reauth(self, connection: Connection, code: str, refused: Model) -> None:
        """Mark that the user must connect again, unless the `refused` credentials have been replaced meanwhile."""

        def marked(stored: StoredConnection) -> StoredConnection | None:
            if stored.credentials != refused:
                return None
            waiting = replace(stored.connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=fit_label(code)[:100])
            return replace(stored, connection=waiting)

        await self._vault.change(connection.id, self._registry.get(connection.provider).credentials, marked)

    async def refresh(self, connection_id: str, user_id: str) -> Connection:
        """Renew its tokens now. Raises InvalidCall (it has no refresh token), NeedsReconnect, TryLater."""
        connection = await self.get(connection_id, user_id)
        app = app_of(self._registry, connection.provider)
        stored = await self._read(app.provider, connection)
        if not isinstance(stored.credentials, OAuthTokens) or stored.credentials.refresh_token is None:
            raise InvalidCall(
                "this connection has no refresh token", code="no_refresh_token", provider=app.provider.name
            )
        await self._refresher.tokens(app, stored, refused=stored.credentials)
        return await self.get(connection_id, user_id)

    async def test(self, connection_id: str, user_id: str) -> str:
        """Ask the vendor whether the connection works. Returns the account's label. Raises as actions do."""
        return await self._tested(await self.get(connection_id, user_id), None)

    async def _note_use(self, connection: Connection) -> None:
        now = datetime.now(UTC)
        if connection.last_used_at is None or now - connection.last_used_at > NOTED_EVERY:
            try:
                await self._store.touch_connection(connection.id, now)
            except PlugFnError as error:
                # A call must not fail because its time of use could not be written.
                log.warning("last_used_at was not written", extra={"connection_id": connection.id, "code": error.code})
