"""Connections: making them, finding the one a call means, handing out their credentials, ending them.

Every method that takes a user's id sees that user's connections and no others: another's is NoConnection.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import uuid4

from plugfn.cache.protocol import Shared
from plugfn.connection import Connection, ConnectionStatus
from plugfn.crypto import KeyRing
from plugfn.definition import Model, OAuth2, OAuthTokens, Provider
from plugfn.errors import (
    AmbiguousConnection,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NoConnection,
    PlugFnError,
    Problem,
    Unavailable,
    WebhookRejected,
)
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.oauth.app import App, app_of
from plugfn.oauth.flow import Flow, Granted
from plugfn.oauth.local_path import local_path
from plugfn.oauth.pending import States
from plugfn.oauth.refresh import Refresher
from plugfn.oauth.revocation import revoked
from plugfn.problems import validated
from plugfn.registry import ProviderRegistry
from plugfn.storage.protocol import Store
from plugfn.vault import Kept, Vault
from plugfn.webhooks.inbound import Keys

MOST_FOR_A_USER = 100
LONGEST_USER_ID = 255
LONGEST_LABEL = 200
NOTED_EVERY = timedelta(minutes=1)
"""How exactly last_used_at is kept: a write for every call would cost more than the call."""

Tester = Callable[[Connection, Model | None], Awaitable[str]]


@dataclass(frozen=True)
class Connected:
    """What a finished sign-in made."""

    connection: Connection
    redirect_after: str = ""
    """Where the user wanted to go: a path of this site, or ""."""
    missing_scopes: tuple[str, ...] = ()
    """What was asked for and not granted: actions that need it raise MissingScope."""


class ConnectionManager:
    """`tester` asks the vendor whether a connection works: the executor's, which is made after this."""

    def __init__(
        self,
        registry: ProviderRegistry,
        store: Store,
        ring: KeyRing,
        shared: Shared,
        pool: Pool,
        guard: Guard,
        base_url: str,
    ) -> None:
        self._registry, self._store, self._shared, self._pool, self._guard = registry, store, shared, pool, guard
        self._base_url = base_url
        self._vault = Vault(store, ring)
        self._flow = Flow(States(store, ring), pool, base_url)
        self._refresher = Refresher(self._vault, store, shared, pool)
        self.tester: Tester | None = None

    # Connecting

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
            _at(await self.get(connection_id, user_id), app.provider)
        return await self._flow.begin(
            app,
            _user(user_id),
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
        tokens = granted.tokens.model_copy(update={"account": account, "label": label})
        async with self._shared.lock(f"connect:{provider}:{_hash(user_id)}", ttl=30, wait=30):
            renewing = await self._to_renew(granted, account)
            if renewing is None:
                connection = await self._add(app.provider, user_id, tokens, label, tokens)
            else:
                connection = await self._renew(app, renewing, tokens)
        return Connected(connection, granted.pending.redirect_after, granted.missing_scopes)

    async def _identify(self, app: App, user_id: str, granted: Granted) -> tuple[str, str]:
        """The vendor's id of the account, and its label: from the token answer, else the vendor is asked."""
        tokens = granted.tokens
        if tokens.account or self.tester is None or app.provider.test is None:
            return tokens.account, tokens.label or tokens.account
        try:
            label = await self.tester(_new(app.provider, user_id, tokens), tokens)
        except PlugFnError:
            return "", tokens.label  # its owner has granted it: it is kept, whatever the vendor's API does now
        return label, tokens.label or label

    async def _to_renew(self, granted: Granted, account: str) -> Connection | None:
        pending = granted.pending
        if pending.connection_id is not None:
            named = await self.get(pending.connection_id, pending.user_id)
            if named.account and account and named.account != account:
                raise InvalidCall("that is another account than the one to be renewed", code="other_account")
            return named
        if not account:
            return None
        same = await self._vault.of_account(pending.provider, account, pending.user_id)
        return same[0] if same else None

    async def _renew(self, app: App, connection: Connection, tokens: OAuthTokens) -> Connection:
        def renewed(kept: Kept) -> Kept:
            fresh = replace(
                kept.connection,
                status=ConnectionStatus.ACTIVE,
                error_code="",
                label=tokens.label or kept.connection.label,
                account=tokens.account or kept.connection.account,
                scopes=tokens.scopes,
                expires_at=tokens.expires_at,
            )
            return replace(kept, connection=fresh, credentials=tokens)

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
        read = validated(kind.credentials, credentials, "the credentials", provider=provider)
        _label(label)
        if test:
            label = label or await self._tested(_new(kind, _user(user_id), read), read)
        async with self._shared.lock(f"connect:{provider}:{_hash(user_id)}", ttl=30, wait=30):
            return await self._add(kind, user_id, read, label, read if isinstance(read, OAuthTokens) else None)

    async def update(
        self, connection_id: str, user_id: str, credentials: Mapping[str, Any] | Model, *, test: bool = False
    ) -> Connection:
        """Other credentials for a connection that has typed-in ones; it is usable again. As `create`."""
        connection = await self.get(connection_id, user_id)
        kind = self._registry.get(connection.provider)
        if isinstance(kind.auth, OAuth2):
            raise InvalidCall("this connection is renewed at the vendor's site", code="oauth", provider=kind.name)
        read = validated(kind.credentials, credentials, "the credentials", provider=kind.name)
        if test:
            await self._tested(connection, read)

        def updated(kept: Kept) -> Kept:
            usable = replace(kept.connection, status=ConnectionStatus.ACTIVE, error_code="")
            return replace(kept, connection=usable, credentials=read)

        return await self._changed(connection, kind, updated)

    async def rename(self, connection_id: str, user_id: str, label: str) -> Connection:
        """Another label. Raises InvalidParams, NoConnection."""
        connection = await self.get(connection_id, user_id)
        _label(label)
        return await self._changed(
            connection,
            self._registry.get(connection.provider),
            lambda kept: replace(kept, connection=replace(kept.connection, label=label)),
        )

    async def _add(
        self, provider: Provider, user_id: str, credentials: Model, label: str, tokens: OAuthTokens | None
    ) -> Connection:
        if len(await self._store.connections(user_id=_user(user_id), limit=MOST_FOR_A_USER)) >= MOST_FOR_A_USER:
            raise InvalidCall(f"a user has at most {MOST_FOR_A_USER} connections", code="too_many_connections")
        made = replace(_new(provider, user_id, tokens), label=label)
        await self._vault.add(made, credentials)
        return made

    async def _changed(self, connection: Connection, provider: Provider, how: Callable[[Kept], Kept]) -> Connection:
        kept = await self._vault.change(connection.id, provider.credentials, how)
        if kept is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return kept.connection

    # Finding

    async def list(self, user_id: str, provider: str | None = None) -> list[Connection]:
        """The user's, by id."""
        return await self._vault.of_user(user_id, provider)

    async def get(self, connection_id: str, user_id: str) -> Connection:
        """Raises NoConnection, also for another user's."""
        found = await self._vault.find(connection_id)
        if found is None or found.user_id != user_id:
            raise NoConnection("the user has no such connection")
        return found

    async def of_account(self, provider: str, account: str) -> Sequence[Connection]:
        """Everybody's connections of a vendor's account: whom an event concerns."""
        return await self._vault.of_account(provider, account)

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        """The connection a call means: the named one, or the only one that the user has at this provider."""
        found = await self._only(provider, user_id) if connection_id is None else await self.get(connection_id, user_id)
        _at(found, provider)
        if found.status is ConnectionStatus.NEEDS_REAUTH:
            raise NeedsReconnect("this connection waits for its user to connect again", code=found.error_code)
        return found

    async def _only(self, provider: Provider, user_id: str) -> Connection:
        found = await self._vault.of_user(user_id, provider.name, limit=2)
        if not found:
            raise NoConnection(f"the user has no connection at {provider.label}", provider=provider.name)
        if len(found) > 1:
            raise AmbiguousConnection(
                f"the user has several connections at {provider.label}: give connection_id", provider=provider.name
            )
        return found[0]

    # Using

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

    async def needs_reauth(self, connection: Connection, code: str, refused: Model | None = None) -> None:
        """Note that only the user can mend it, unless it has got other credentials than the `refused` meanwhile.

        Without `refused`: unless anything of it was changed since it was read."""

        def marked(kept: Kept) -> Kept | None:
            if kept.connection.updated_at != connection.updated_at if refused is None else kept.credentials != refused:
                return None
            waiting = replace(kept.connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=code[:100])
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

    async def _tested(self, connection: Connection, credentials: Model | None) -> str:
        if self.tester is None:
            raise InvalidCall("nothing here can test connections", code="no_tester")
        return await self.tester(connection, credentials)

    async def _read(self, provider: Provider, connection: Connection) -> Kept:
        kept = await self._vault.read(connection.id, provider.credentials)
        if kept is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return kept

    async def _note_use(self, connection: Connection) -> None:
        now = datetime.now(UTC)
        if connection.last_used_at is None or now - connection.last_used_at > NOTED_EVERY:
            await self._store.touch_connection(connection.id, now)

    # Ending

    async def disconnect(self, connection_id: str, user_id: str) -> str:
        """Take the grant back at the vendor as well as it goes, and remove the connection all the same.

        What came of it at the vendor: "revoked", "unsupported", or an error's code. Raises NoConnection."""
        connection = await self.get(connection_id, user_id)
        try:
            # Not in the midst of a refresh, whose new tokens nobody would take back.
            async with self._refresher.exclusive(connection_id):
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
        kind = self._registry.get(connection.provider)
        if not isinstance(kind.auth, OAuth2):
            return "unsupported"
        try:
            kept = await self._read(kind, connection)
        except NeedsReconnect as error:
            return error.code
        tokens = validated(OAuthTokens, kept.credentials, "the credentials")
        return await revoked(app_of(self._registry, kind.name), connection, tokens, self._pool, self._guard)

    # Webhooks

    async def new_webhook_url(self, connection_id: str, user_id: str) -> str:
        """The URL to give the vendor for deliveries to this connection; an earlier one ends. It is shown this once:

        only a digest of the secret in it is kept. Raises NoConnection, InvalidCall."""
        connection = await self.get(connection_id, user_id)
        provider = self._registry.get(connection.provider)
        if provider.webhooks is None or not provider.webhooks.per_connection:
            raise InvalidCall(f"{provider.label} has no webhooks for each connection", code="no_webhook_url")
        secret = secrets.token_urlsafe(32)
        await self._changed(connection, provider, lambda kept: replace(kept, webhook=_hash(secret)))
        return f"{self._base_url}/webhooks/{provider.name}/{connection.id}/{secret}"

    async def webhook_keys(self, provider: Provider, connection_id: str, secret: str) -> Keys:
        """Raises WebhookRejected (404) unless the secret is the connection's."""
        try:
            kept = await self._vault.read(connection_id, provider.credentials)
        except NeedsReconnect:
            kept = None
        digest = kept.webhook if kept is not None and kept.connection.provider == provider.name else ""
        if not compare_digest(digest.encode(), _hash(secret).encode()) or kept is None:
            raise WebhookRejected("there is nothing here", status=404, code="WEBHOOK_NOT_FOUND")
        signed = tuple(one.get_secret_value() for one in self._registry.settings(provider.name).webhook_secrets)
        return Keys(signed, kept.connection, kept.credentials)


def _new(provider: Provider, user_id: str, credentials: Model | None) -> Connection:
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


def _at(connection: Connection, provider: Provider) -> None:
    if connection.provider != provider.name:
        raise InvalidCall(f"this connection is of {connection.provider}", code="other_provider", provider=provider.name)


def _user(user_id: str) -> str:
    if not user_id or len(user_id) > LONGEST_USER_ID or not user_id.isprintable():
        problem = Problem("user_id", f"1 to {LONGEST_USER_ID} characters that can be printed")
        raise InvalidParams("the user cannot be kept", problems=[problem])
    return user_id


def _label(label: str) -> None:
    if len(label) > LONGEST_LABEL or not label.isprintable():
        problem = Problem("label", f"at most {LONGEST_LABEL} characters that can be printed")
        raise InvalidParams("the label cannot be kept", problems=[problem])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
