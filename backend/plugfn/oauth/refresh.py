"""Keeps access tokens fresh. Each connection has one refresh at a time, across all processes.

    lock        for this connection, until the end
    re-read     another caller may have refreshed it meanwhile
    refresh     ask the vendor
    persist     before the new tokens are used

A separate task does this, so that a cancelled caller neither loses new tokens nor releases the lock while the request
to the vendor still runs.

Many vendors accept a refresh token only once: they refuse it the second time, and may end the grant.
"""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from plugfn.cache.protocol import Shared
from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import OAuthTokens
from plugfn.errors import NeedsReconnect, NoConnection, PlugFnError, TryLater, Unavailable
from plugfn.exclusive_lock import ExclusiveLock
from plugfn.net.pool import Pool
from plugfn.oauth.app import App
from plugfn.oauth.token_endpoint import ask_for_tokens, with_new_tokens
from plugfn.vault.sealed_connections import StoredConnection, Vault

log = logging.getLogger("plugfn.oauth")

MARGIN = timedelta(seconds=60)
"""Tokens are renewed this long before they expire, so that none expires on its way to the vendor."""
COOL_DOWN_SECONDS = 15.0
LONGEST_COOL_DOWN = 60.0
PERSIST_WAITS = (0.1, 0.5, 2.0)


@dataclass(frozen=True)
class Refresher:
    """Provides the tokens for every call."""

    vault: Vault
    shared: Shared
    lock: ExclusiveLock
    pool: Pool
    _running: "set[asyncio.Task[OAuthTokens]]" = field(default_factory=set)

    async def tokens(self, app: App, stored: StoredConnection, *, refused: OAuthTokens | None = None) -> OAuthTokens:
        """The connection's tokens. Refreshes them if they expire soon, or if the vendor `refused` them.

        Raises NeedsReconnect when only the user can help, TryLater when the vendor cannot be reached now."""
        tokens = _tokens(stored)
        if self._usable(tokens, refused):
            return tokens
        if tokens.refresh_token is None:
            return await self._without_refresh(app, stored, refused)
        if await self._cooling_down(stored.connection):
            return _old_tokens(tokens, refused, _failed_recently())
        task = asyncio.create_task(self._locked(app, stored, refused))
        self._running.add(task)
        task.add_done_callback(self._forget_task)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for refreshes that run on this event loop: interrupting one would lose the new tokens."""
        loop = asyncio.get_running_loop()
        if pending := [task for task in self._running if task.get_loop() is loop]:
            await asyncio.wait(pending)

    def _forget_task(self, task: "asyncio.Task[OAuthTokens]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            # The caller gets the error. Reading it here keeps asyncio from logging it if the caller is gone.
            task.exception()

    @staticmethod
    def _usable(tokens: OAuthTokens, refused: OAuthTokens | None) -> bool:
        if refused is not None and tokens.access_token == refused.access_token:
            return False
        return tokens.expires_at is None or tokens.expires_at > datetime.now(UTC) + MARGIN

    async def _without_refresh(self, app: App, stored: StoredConnection, refused: OAuthTokens | None) -> OAuthTokens:
        tokens = _tokens(stored)
        if refused is None and tokens.expires_at is not None and tokens.expires_at <= datetime.now(UTC):
            await self.mark(app, stored.connection, "token_expired", tokens)
            raise NeedsReconnect("the access token expired and cannot be renewed", code="token_expired")
        return tokens

    async def _locked(self, app: App, stored: StoredConnection, refused: OAuthTokens | None) -> OAuthTokens:
        try:
            async with self.lock(lock_of(stored.connection)):
                return await self._refresh_if_needed(app, stored.connection, refused)
        except Unavailable as error:
            if error.code not in ("locked", "shared_state"):
                raise
            # The lock's holder may have finished by now, or the lock's server is down: what is stored decides.
            current = _tokens(await self._read(app, stored.connection))
            return _old_tokens(current, refused, error)

    async def _refresh_if_needed(self, app: App, connection: Connection, refused: OAuthTokens | None) -> OAuthTokens:
        current = await self._read(app, connection)
        if self._usable(_tokens(current), refused):
            return _tokens(current)
        if await self._cooling_down(connection):
            return _old_tokens(_tokens(current), refused, _failed_recently())
        if _tokens(current).refresh_token is None:
            return await self._without_refresh(app, current, refused)
        return await self._refresh(app, current, refused)

    async def _read(self, app: App, connection: Connection) -> StoredConnection:
        stored = await self.vault.read(connection.id, app.provider.credentials)
        if stored is None:
            raise NoConnection("this connection was removed", provider=app.provider.name)
        return stored

    async def _refresh(self, app: App, stored: StoredConnection, refused: OAuthTokens | None) -> OAuthTokens:
        old = _tokens(stored)
        assert old.refresh_token is not None  # noqa: S101 - the caller has checked
        try:
            new = await ask_for_tokens(
                app, self.pool, "refresh_token", refresh_token=old.refresh_token.get_secret_value()
            )
        except PlugFnError as error:
            return await self._failed(app, stored, refused, error)
        return await self._persist(app, stored, old, with_new_tokens(old, new))

    async def _persist(self, app: App, stored: StoredConnection, old: OAuthTokens, new: OAuthTokens) -> OAuthTokens:
        """Store the new tokens before they are used. A failing store is tried again, since the old tokens are dead."""
        for wait in (*PERSIST_WAITS, None):
            try:
                written = await self.vault.change(
                    stored.connection.id, app.provider.credentials, lambda current: _renewed(current, old, new)
                )
                break
            except TryLater:
                if wait is None:
                    log.exception("renewed tokens were not stored", extra={"connection_id": stored.connection.id})
                    raise
                await asyncio.sleep(wait)
        if written is None:
            raise NoConnection("this connection was removed", provider=app.provider.name)
        return _tokens(written)

    async def _failed(
        self, app: App, stored: StoredConnection, refused: OAuthTokens | None, error: PlugFnError
    ) -> OAuthTokens:
        old = _tokens(stored)
        if error.code in app.auth.reauth_errors or isinstance(error, NeedsReconnect):
            current = _tokens(await self._read(app, stored.connection))
            if current.refresh_token != old.refresh_token:
                return current  # another process renewed it in spite of the lock, or the user has connected again
            await self.mark(app, stored.connection, error.code, old)
            raise NeedsReconnect(error.message, code=error.code, provider=app.provider.name) from error
        wait = error.retry_after if isinstance(error, TryLater) else None
        await self._cool_down(stored.connection, max(wait or 0.0, COOL_DOWN_SECONDS))
        where = {"provider": app.provider.name, "code": error.code}
        log.warning("a token of %(provider)s was not renewed: %(code)s", where, extra=where)
        return _old_tokens(old, refused, error)

    async def mark(self, app: App, connection: Connection, code: str, refused: OAuthTokens) -> None:
        """Mark that the user must connect again, unless the connection has got other tokens meanwhile."""

        def marked(current: StoredConnection) -> StoredConnection | None:
            if current.credentials != refused:
                return None
            return replace(
                current,
                connection=replace(current.connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=code),
            )

        await self.vault.change(connection.id, app.provider.credentials, marked)

    async def _cooling_down(self, connection: Connection) -> bool:
        try:
            return await self.shared.get(f"refresh-failed:{connection.id}") is not None
        except Unavailable:
            return False

    async def _cool_down(self, connection: Connection, seconds: float) -> None:
        try:
            await self.shared.set(f"refresh-failed:{connection.id}", b"1", min(seconds, LONGEST_COOL_DOWN))
        except Unavailable:
            log.warning("the shared state is down: a failing refresh is retried without a pause")


def lock_of(connection: Connection) -> str:
    """The name of the lock that is held while a connection's tokens are refreshed or revoked."""
    return f"refresh:{connection.id}"


def _tokens(stored: StoredConnection) -> OAuthTokens:
    assert isinstance(stored.credentials, OAuthTokens)  # noqa: S101 - they were read with this model
    return stored.credentials


def _renewed(current: StoredConnection, old: OAuthTokens, new: OAuthTokens) -> StoredConnection | None:
    """The connection with the new tokens; None when the user has connected again meanwhile."""
    if _tokens(current).refresh_token != old.refresh_token:
        return None
    connection = replace(
        current.connection,
        expires_at=new.expires_at,
        scopes=new.scopes or current.connection.scopes,
        status=ConnectionStatus.ACTIVE,
        error_code="",
    )
    return replace(current, connection=connection, credentials=new)


def _failed_recently() -> TryLater:
    return TryLater("The vendor failed to renew the token a moment ago.", code="refresh_failed")


def _old_tokens(old: OAuthTokens, refused: OAuthTokens | None, why: PlugFnError) -> OAuthTokens:
    """The old tokens, if the vendor may still accept them; else raises TryLater."""
    was_refused = refused is not None and refused.access_token == old.access_token
    if not was_refused and (old.expires_at is None or old.expires_at > datetime.now(UTC)):
        return old
    wait = why.retry_after if isinstance(why, TryLater) else None
    raise TryLater(
        f"The access token could not be renewed: {why.message}",
        retry_after=wait,
        code=why.code if isinstance(why, Unavailable) else "refresh_failed",
    ) from why
