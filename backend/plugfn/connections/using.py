"""Using connections: which one a call means, what it authenticates with, and what to do when that is refused."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plugfn.connection import Connection, ConnectionStatus
from plugfn.connections.checks import check_provider, check_user, fit_label
from plugfn.connections.reading import Reading
from plugfn.definition import Model, OAuth2, OAuthTokens, Provider
from plugfn.errors import AmbiguousConnection, InvalidCall, NeedsReconnect, NoConnection, PlugFnError
from plugfn.oauth.app import app_of
from plugfn.vault.sealed_connections import Kept

log = logging.getLogger("plugfn")

NOTED_EVERY = timedelta(minutes=1)
"""How exactly last_used_at is kept: a write for every call would cost more than the call."""


class Using(Reading):
    """What the executor asks."""

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        """The connection a call means: the named one, or the only one that the user has at this provider."""
        found = await self._only(provider, user_id) if connection_id is None else await self.get(connection_id, user_id)
        check_provider(found, provider)
        if found.status is ConnectionStatus.NEEDS_REAUTH:
            raise NeedsReconnect("this connection waits for its user to connect again", code=found.error_code)
        return found

    async def _only(self, provider: Provider, user_id: str) -> Connection:
        found = await self._vault.of_user(check_user(user_id), provider.name, limit=2)
        if not found:
            raise NoConnection(f"the user has no connection at {provider.label}", provider=provider.name)
        if len(found) > 1:
            raise AmbiguousConnection(
                f"the user has several connections at {provider.label}: give connection_id", provider=provider.name
            )
        return found[0]

    async def credentials(self, provider: Provider, connection: Connection) -> Model:
        """What a call authenticates with, renewed first when it is about to end.

        Raises NeedsReconnect, TryLater (it could not be renewed now), NoConnection."""
        kept = await self._read(provider, connection)
        await self._note_use(kept.connection)
        if not isinstance(provider.auth, OAuth2):
            return kept.credentials
        return await self._refresher.tokens(app_of(self._registry, provider.name), kept)

    async def renewed(self, provider: Provider, connection: Connection, refused: Model) -> Model | None:
        """Other credentials after the vendor refused these; None when there are none to be had.

        Raises NeedsReconnect when the vendor does not renew them, TryLater when it cannot be asked now."""
        kept = await self._read(provider, connection)
        if kept.credentials != refused and not isinstance(refused, OAuthTokens):
            return kept.credentials
        if not isinstance(refused, OAuthTokens) or not isinstance(provider.auth, OAuth2):
            return None
        found = await self._refresher.tokens(app_of(self._registry, provider.name), kept, refused=refused)
        return None if found.access_token == refused.access_token else found

    async def needs_reauth(self, connection: Connection, code: str, refused: Model) -> None:
        """Note that only the user can mend it, unless it has got other credentials than the `refused` meanwhile."""

        def marked(kept: Kept) -> Kept | None:
            if kept.credentials != refused:
                return None
            waiting = replace(kept.connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=fit_label(code)[:100])
            return replace(kept, connection=waiting)

        await self._vault.change(connection.id, self._registry.get(connection.provider).credentials, marked)

    async def refresh(self, connection_id: str, user_id: str) -> Connection:
        """Renew its tokens now. Raises InvalidCall (nothing to renew them with), NeedsReconnect, TryLater."""
        connection = await self.get(connection_id, user_id)
        app = app_of(self._registry, connection.provider)
        kept = await self._read(app.provider, connection)
        if not isinstance(kept.credentials, OAuthTokens) or kept.credentials.refresh_token is None:
            raise InvalidCall(
                "this connection has no refresh token", code="no_refresh_token", provider=app.provider.name
            )
        await self._refresher.tokens(app, kept, refused=kept.credentials)
        return await self.get(connection_id, user_id)

    async def test(self, connection_id: str, user_id: str) -> str:
        """Ask the vendor whether it works: the account's label. Raises as actions do."""
        return await self._tested(await self.get(connection_id, user_id), None)

    async def _note_use(self, connection: Connection) -> None:
        now = datetime.now(UTC)
        if connection.last_used_at is None or now - connection.last_used_at > NOTED_EVERY:
            try:
                await self._store.touch_connection(connection.id, now)
            except PlugFnError as error:
                # When it was last used is worth no call.
                log.warning("a use was not noted", extra={"connection_id": connection.id, "code": error.code})
