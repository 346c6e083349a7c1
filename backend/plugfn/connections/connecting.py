"""Making connections: at the vendor's site, or with credentials that are typed in."""

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
from plugfn.vault.sealed_connections import Kept

MOST_FOR_A_USER = 100


@dataclass(frozen=True)
class Connected:
    """What a finished sign-in made."""

    connection: Connection
    redirect_after: str = ""
    """Where the user wanted to go: a path of this site, or ""."""
    missing_scopes: tuple[str, ...] = ()
    """What was asked for and not granted: actions that need it raise MissingScope."""


class Connecting(Reading):
    """Users connect here, and renew what they have."""

    async def authorization_url(
        self,
        user_id: str,
        provider: str,
        *,
        redirect_after: str | None = None,
        scopes: Sequence[str] | None = None,
        connection_id: str | None = None,
    ) -> str:
        """Where to send the user to connect: good for ten minutes and one use, and for this user alone.

        `redirect_after`: a path of this site. `connection_id`: the connection to renew, whatever account comes back
        must be the same. Raises UnknownName, InvalidParams, NoConnection."""
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
        """Finish, with the query that the vendor sent the user back with. The same account renews its connection.

        Raises InvalidState; NeedsReconnect when the user refused (code "access_denied") or the code is no good."""
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
        """The vendor's id of the account, and its label: from the token answer, else the vendor is asked."""
        tokens = granted.tokens
        if tokens.account or self.identifier is None or app.provider.identify is None:
            return tokens.account, tokens.label or tokens.account
        try:
            found = await self.identifier(_new(app.provider, user_id, tokens), tokens)
        except PlugFnError:
            return "", tokens.label  # its owner has granted it: it is kept, whatever the vendor's API does now
        return found.account, tokens.label or found.label

    async def _to_renew(self, granted: Granted, account: str) -> Connection | None:
        pending = granted.pending
        if pending.connection_id is not None:
            named = await self.get(pending.connection_id, pending.user_id)
            if named.account and account and named.account != account:
                raise InvalidCall("that is another account than the one to be renewed", code="other_account")
            return named
        if account:
            same = await self._vault.of_account(pending.provider, account, pending.user_id)
            return same[0] if same else None
        # Nobody knows whose account it is: the one connection that waits for its user, if there is one.
        waiting = [
            one
            for one in await self._vault.of_user(pending.user_id, pending.provider)
            if not one.account and one.status is ConnectionStatus.NEEDS_REAUTH
        ]
        return waiting[0] if len(waiting) == 1 else None

    async def _renew(self, app: App, connection: Connection, tokens: OAuthTokens) -> Connection:
        def renewed(kept: Kept) -> Kept:
            fresh = replace(
                kept.connection,
                status=ConnectionStatus.ACTIVE,
                error_code="",
                label=kept.connection.label or tokens.label,
                account=tokens.account or kept.connection.account,
                scopes=tokens.scopes,
                expires_at=tokens.expires_at,
            )
            return replace(kept, connection=fresh, credentials=_with_old_refresh_token(kept, tokens))

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
            # Events are handed to the account's users: nobody may just say that an account is theirs.
            read = read.model_copy(update={"account": "", "label": fit_label(read.label)})
        if test:
            tested = await self._tested(_new(kind, check_user(user_id), read), read)
            label = label or fit_label(tested)
        async with self._lock(f"connect:{digest(user_id)}"):
            return await self._add(kind, user_id, read, label)

    async def update(
        self, connection_id: str, user_id: str, credentials: Mapping[str, Any] | Model, *, test: bool = False
    ) -> Connection:
        """Other credentials for a connection that has typed-in ones; it is usable again. As `create`."""
        connection = await self.get(connection_id, user_id)
        kind = self._registry.get(connection.provider)
        if isinstance(kind.auth, OAuth2):
            raise InvalidCall("this connection is renewed at the vendor's site", code="oauth", provider=kind.name)
        read = self._read_typed(kind, credentials)
        if test:
            await self._tested(connection, read)

        def updated(kept: Kept) -> Kept:
            usable = replace(kept.connection, status=ConnectionStatus.ACTIVE, error_code="")
            return replace(kept, connection=usable, credentials=read)

        return await self._changed(connection, kind, updated)

    def _read_typed(self, kind: Provider, credentials: Mapping[str, Any] | Model) -> Model:
        """Refused now, when somebody sits at the form, and not at the first call."""
        if isinstance(kind.auth, OAuth2) and isinstance(credentials, Mapping) and "access_token" not in credentials:
            raise InvalidParams(
                f"{kind.label} is connected at its own page: send the user to connections.authorization_url",
                provider=kind.name,
            )
        read: Model = validated(kind.credentials, credentials, "the credentials", provider=kind.name)
        check_origin(kind, self._registry.settings(kind.name), read, self._guard)
        return read

    async def rename(self, connection_id: str, user_id: str, label: str) -> Connection:
        """Another label. Raises InvalidParams, NoConnection."""
        connection = await self.get(connection_id, user_id)
        check_label(label)
        return await self._changed(
            connection,
            self._registry.get(connection.provider),
            lambda kept: replace(kept, connection=replace(kept.connection, label=label)),
        )

    async def _add(self, provider: Provider, user_id: str, credentials: Model, label: str) -> Connection:
        if len(await self._store.connections(user_id=check_user(user_id), limit=MOST_FOR_A_USER)) >= MOST_FOR_A_USER:
            raise InvalidCall(f"a user has at most {MOST_FOR_A_USER} connections", code="too_many_connections")
        made = _new(provider, user_id, credentials)
        made = replace(made, label=label or made.label)
        await self._vault.add(made, credentials)
        return made


def _with_old_refresh_token(kept: Kept, tokens: OAuthTokens) -> OAuthTokens:
    """Some vendors give a refresh token at the first consent only; it is kept, for the same account alone."""
    old = kept.credentials
    same = bool(tokens.account) and tokens.account == kept.connection.account
    if tokens.refresh_token is not None or not same or not isinstance(old, OAuthTokens):
        return tokens
    return tokens.model_copy(update={"refresh_token": old.refresh_token})


def _new(provider: Provider, user_id: str, credentials: Model) -> Connection:
    now = datetime.now(UTC)
    made = Connection(uuid4().hex, user_id, provider.name, ConnectionStatus.ACTIVE, now, now)
    if not isinstance(credentials, OAuthTokens):
        return made
    return replace(
        made,
        account=credentials.account,
        label=credentials.label,
        scopes=credentials.scopes,
        expires_at=credentials.expires_at,
    )
