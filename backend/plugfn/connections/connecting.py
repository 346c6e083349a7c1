"""Making connections, at the vendor's site or with typed credentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from plugfn.connection import Connection, ConnectionStatus
from plugfn.connections.checks import check_label, check_origin, check_provider, check_user, digest, fit_label
from plugfn.connections.reading import Reading
from plugfn.definition import Model, OAuth2, OAuthTokens, Provider
from plugfn.errors import InvalidCall, InvalidParams, PlugFnError
from plugfn.oauth.app import App, app_of
from plugfn.oauth.flow import Granted
from plugfn.oauth.local_path import local_path
from plugfn.problems import validated
from plugfn.vault.sealed_connections import StoredConnection

MOST_FOR_A_USER = 100


@dataclass(frozen=True)
class Connected:
    """The result of a finished sign-in."""

    connection: Connection
    redirect_after: str = ""
    """Where to send the user next: a path of this site, or ""."""
    missing_scopes: tuple[str, ...] = ()
    """Scopes that were asked for and not granted. Actions that need one raise MissingScope."""


class Connecting(Reading):
    """Makes connections and renews them."""

    async def authorization_url(
        self,
        user_id: str,
        provider: str,
        *,
        redirect_after: str | None = None,
        scopes: Sequence[str] | None = None,
        connection_id: str | None = None,
    ) -> str:
        """The URL to send the user to. It works for ten minutes, once, and for this user only.

        `redirect_after`: a path of this site. `connection_id`: the connection to renew; the user must sign in to the
        same account. Raises UnknownName, InvalidParams, NoConnection."""
        app = app_of(self._registry, provider)
        if connection_id is not None:
            check_provider(await self.get(connection_id, user_id), app.provider)
        return await self._flow.begin(
            app,
            check_user(user_id),
            scopes=scopes,
            redirect_after=local_path(redirect_after, self._base_url),
            connection_id=connection_id,
        )

    async def callback(self, user_id: str, provider: str, query: Mapping[str, str]) -> Connected:
        """Finish the sign-in, with the query of the vendor's redirect. Renews the connection of a connected account.

        Raises InvalidState; NeedsReconnect when the user refused (code "access_denied") or the code is not valid."""
        app = app_of(self._registry, provider)
        granted = await self._flow.finish(app, user_id, query)
        account, label = await self._identify(app, user_id, granted)
        label = fit_label(label)
        tokens = granted.tokens.model_copy(update={"account": account, "label": label})
        async with self._lock(f"connect:{digest(user_id)}"):
            renewing = await self._to_renew(granted, account)
            if renewing is None:
                connection = await self._add(app.provider, user_id, tokens, label)
            else:
                connection = await self._renew(app, renewing, tokens)
        return Connected(connection, granted.pending.redirect_after, granted.missing_scopes)

    async def _identify(self, app: App, user_id: str, granted: Granted) -> tuple[str, str]:
        """The vendor's id of the account and its label, from the token answer or else by a request to the vendor."""
        tokens = granted.tokens
        if tokens.account or self.identifier is None or app.provider.identify is None:
            return tokens.account, tokens.label or tokens.account
        try:
            identity = await self.identifier(_new(app.provider, user_id, tokens), tokens)
        except PlugFnError:
            return "", tokens.label  # the user granted access: a failing vendor API must not lose the connection
        return identity.account, tokens.label or identity.label

    async def _to_renew(self, granted: Granted, account: str) -> Connection | None:
        pending = granted.pending
        if pending.connection_id is not None:
            named = await self.get(pending.connection_id, pending.user_id)
            if named.account and account and named.account != account:
                raise InvalidCall("the user signed in to another account than the connection's", code="other_account")
            return named
        if account:
            same = await self._vault.of_account(pending.provider, account, pending.user_id)
            return same[0] if same else None
        # The account is unknown: renew the user's only connection that waits to be renewed, if there is exactly one.
        waiting = [
            connection
            for connection in await self._vault.of_user(pending.user_id, pending.provider)
            if not connection.account and connection.status is ConnectionStatus.NEEDS_REAUTH
        ]
        return waiting[0] if len(waiting) == 1 else None

    async def _renew(self, app: App, connection: Connection, tokens: OAuthTokens) -> Connection:
        def renewed(stored: StoredConnection) -> StoredConnection:
            fresh = replace(
                stored.connection,
                status=ConnectionStatus.ACTIVE,
                error_code="",
                label=stored.connection.label or tokens.label,
                account=tokens.account or stored.connection.account,
                scopes=tokens.scopes,
                expires_at=tokens.expires_at,
            )
            return replace(stored, connection=fresh, credentials=_with_old_refresh_token(stored, tokens))

        return await self._changed(connection, app.provider, renewed)

    async def create(
        self,
        user_id: str,
        provider: str,
        credentials: Mapping[str, Any] | Model,
        label: str = "",
        *,
        test: bool = False,
    ) -> Connection:
        """Connect with credentials that were typed in. `test`: ask the vendor first, and store nothing if it fails.

        Raises UnknownName, InvalidParams (its problems name fields, not values), and with `test` what actions raise."""
        kind = self._registry.get(provider)
        read = self._read_typed(kind, credentials)
        check_label(label)
        if isinstance(read, OAuthTokens):
            # Events go to the users of their account, so a user must not be able to claim an account by typing its id.
            read = read.model_copy(update={"account": "", "label": fit_label(read.label)})
        if test:
            tested = await self._tested(_new(kind, check_user(user_id), read), read)
            label = label or fit_label(tested)
        async with self._lock(f"connect:{digest(user_id)}"):
            return await self._add(kind, user_id, read, label)

    async def update(
        self, connection_id: str, user_id: str, credentials: Mapping[str, Any] | Model, *, test: bool = False
    ) -> Connection:
        """Replace the typed credentials of a connection and make it active again. Raises as `create`."""
        connection = await self.get(connection_id, user_id)
        kind = self._registry.get(connection.provider)
        if isinstance(kind.auth, OAuth2):
            raise InvalidCall(
                "this connection uses OAuth: renew it with connections.authorization_url",
                code="oauth",
                provider=kind.name,
            )
        read = self._read_typed(kind, credentials)
        if test:
            await self._tested(connection, read)

        def updated(stored: StoredConnection) -> StoredConnection:
            usable = replace(stored.connection, status=ConnectionStatus.ACTIVE, error_code="")
            return replace(stored, connection=usable, credentials=read)

        return await self._changed(connection, kind, updated)

    def _read_typed(self, kind: Provider, credentials: Mapping[str, Any] | Model) -> Model:
        """Validate now, while the user is at the form, and not at the first call."""
        if isinstance(kind.auth, OAuth2) and isinstance(credentials, Mapping) and "access_token" not in credentials:
            raise InvalidParams(
                f"{kind.label} is connected at the vendor's site: send the user to connections.authorization_url",
                provider=kind.name,
            )
        read: Model = validated(kind.credentials, credentials, "the credentials", provider=kind.name)
        check_origin(kind, self._registry.settings(kind.name), read, self._guard)
        return read

    async def rename(self, connection_id: str, user_id: str, label: str) -> Connection:
        """Change the label. Raises InvalidParams, NoConnection."""
        connection = await self.get(connection_id, user_id)
        check_label(label)
        return await self._changed(
            connection,
            self._registry.get(connection.provider),
            lambda stored: replace(stored, connection=replace(stored.connection, label=label)),
        )

    async def _add(self, provider: Provider, user_id: str, credentials: Model, label: str) -> Connection:
        if len(await self._store.connections(user_id=check_user(user_id), limit=MOST_FOR_A_USER)) >= MOST_FOR_A_USER:
            raise InvalidCall(f"a user has at most {MOST_FOR_A_USER} connections", code="too_many_connections")
        created = _new(provider, user_id, credentials)
        created = replace(created, label=label or created.label)
        await self._vault.add(created, credentials)
        return created


def _with_old_refresh_token(stored: StoredConnection, tokens: OAuthTokens) -> OAuthTokens:
    """Some vendors send a refresh token at the first consent only: keep the old one, if the account is the same."""
    old = stored.credentials
    same = bool(tokens.account) and tokens.account == stored.connection.account
    if tokens.refresh_token is not None or not same or not isinstance(old, OAuthTokens):
        return tokens
    return tokens.model_copy(update={"refresh_token": old.refresh_token})


def _new(provider: Provider, user_id: str, credentials: Model) -> Connection:
    now = datetime.now(UTC)
    created = Connection(uuid4().hex, user_id, provider.name, ConnectionStatus.ACTIVE, now, now)
    if not isinstance(credentials, OAuthTokens):
        return created
    return replace(
        created,
        account=credentials.account,
        label=credentials.label,
        scopes=credentials.scopes,
        expires_at=credentials.expires_at,
    )
