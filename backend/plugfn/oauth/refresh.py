"""Keeps access tokens fresh: one refresh at a time for each connection, whoever and wherever asks for it.

    lock        all that follows, for this connection
    re-read     the one before may have done it
    refresh     ask the vendor
    persist     before anybody uses the new pair

All of it in a task of its own: a caller that gives up must neither lose a pair that the vendor has rotated nor let go
of the lock while the vendor is still being asked.

Refresh tokens are single-use at many vendors: a second refresh with one is refused, and may end the grant.
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
from plugfn.oauth.token_endpoint import ask_for_tokens, merged
from plugfn.vault.sealed_connections import Kept, Vault

log = logging.getLogger("plugfn.oauth")

MARGIN = timedelta(seconds=60)
"""Tokens are renewed this long before they end, so that none ends on its way to the vendor."""
COOL_DOWN_SECONDS = 15.0
LONGEST_COOL_DOWN = 60.0
PERSIST_WAITS = (0.1, 0.5, 2.0)


@dataclass(frozen=True)
class Refresher:
    """Asked for tokens before every call."""

    vault: Vault
    shared: Shared
    lock: ExclusiveLock
    pool: Pool
    _running: "set[asyncio.Task[OAuthTokens]]" = field(default_factory=set)

    async def tokens(self, app: App, kept: Kept, *, refused: OAuthTokens | None = None) -> OAuthTokens:
        """The connection's tokens, refreshed when they end soon, or when the vendor `refused` these.

        Raises NeedsReconnect when only the user can help, TryLater when the vendor cannot be asked now."""
        tokens = _tokens(kept)
        if self._good(tokens, refused):
            return tokens
        if tokens.refresh_token is None:
            return await self._without_refresh(app, kept, refused)
        if await self._cooling(kept.connection):
            return _old_or_later(tokens, refused, _moment_ago())
        task = asyncio.create_task(self._in_turn(app, kept, refused))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for what was begun on this event loop: half a refresh would lose the new tokens."""
        loop = asyncio.get_running_loop()
        if begun := [task for task in self._running if task.get_loop() is loop]:
            await asyncio.wait(begun)

    def _ended(self, task: "asyncio.Task[OAuthTokens]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits gets it; if nobody does any more, asyncio need not complain

    @staticmethod
    def _good(tokens: OAuthTokens, refused: OAuthTokens | None) -> bool:
        if refused is not None and tokens.access_token == refused.access_token:
            return False
        return tokens.expires_at is None or tokens.expires_at > datetime.now(UTC) + MARGIN

    async def _without_refresh(self, app: App, kept: Kept, refused: OAuthTokens | None) -> OAuthTokens:
        tokens = _tokens(kept)
        if refused is None and tokens.expires_at is not None and tokens.expires_at <= datetime.now(UTC):
            await self.mark(app, kept.connection, "token_expired", tokens)
            raise NeedsReconnect("the access token ended and cannot be renewed", code="token_expired")
        return tokens

    async def _in_turn(self, app: App, kept: Kept, refused: OAuthTokens | None) -> OAuthTokens:
        try:
            async with self.lock(lock_of(kept.connection)):
                return await self._unless_done(app, kept.connection, refused)
        except Unavailable as error:
            if error.code not in ("locked", "shared_state"):
                raise
            # Whoever holds it may be done by now, or the lock's server is away: what is stored decides.
            current = _tokens(await self._read(app, kept.connection))
            return _old_or_later(current, refused, error)

    async def _unless_done(self, app: App, connection: Connection, refused: OAuthTokens | None) -> OAuthTokens:
        current = await self._read(app, connection)
        if self._good(_tokens(current), refused):
            return _tokens(current)
        if await self._cooling(connection):
            return _old_or_later(_tokens(current), refused, _moment_ago())
        if _tokens(current).refresh_token is None:
            return await self._without_refresh(app, current, refused)
        return await self._refresh(app, current, refused)

    async def _read(self, app: App, connection: Connection) -> Kept:
        kept = await self.vault.read(connection.id, app.provider.credentials)
        if kept is None:
            raise NoConnection("this connection was removed", provider=app.provider.name)
        return kept

    async def _refresh(self, app: App, kept: Kept, refused: OAuthTokens | None) -> OAuthTokens:
        old = _tokens(kept)
        assert old.refresh_token is not None  # noqa: S101 - asked by the caller
        try:
            new = await ask_for_tokens(
                app, self.pool, "refresh_token", refresh_token=old.refresh_token.get_secret_value()
            )
        except PlugFnError as error:
            return await self._failed(app, kept, refused, error)
        return await self._persist(app, kept, old, merged(old, new))

    async def _persist(self, app: App, kept: Kept, old: OAuthTokens, new: OAuthTokens) -> OAuthTokens:
        """Store the new pair before anybody uses it. A store that fails now is asked again: the old pair is dead."""
        for wait in (*PERSIST_WAITS, None):
            try:
                stored = await self.vault.change(
                    kept.connection.id, app.provider.credentials, lambda current: _renewed(current, old, new)
                )
                break
            except TryLater:
                if wait is None:
                    log.exception("renewed tokens were not stored", extra={"connection_id": kept.connection.id})
                    raise
                await asyncio.sleep(wait)
        if stored is None:
            raise NoConnection("this connection was removed", provider=app.provider.name)
        return _tokens(stored)

    async def _failed(self, app: App, kept: Kept, refused: OAuthTokens | None, error: PlugFnError) -> OAuthTokens:
        old = _tokens(kept)
        if error.code in app.auth.reauth_errors or isinstance(error, NeedsReconnect):
            current = _tokens(await self._read(app, kept.connection))
            if current.refresh_token != old.refresh_token:
                return current  # another one has renewed it in spite of the lock, or the user has connected again
            await self.mark(app, kept.connection, error.code, old)
            raise NeedsReconnect(error.message, code=error.code, provider=app.provider.name) from error
        wait = error.retry_after if isinstance(error, TryLater) else None
        await self._cool_down(kept.connection, max(wait or 0.0, COOL_DOWN_SECONDS))
        log.warning("a token was not renewed", extra={"provider": app.provider.name, "code": error.code})
        return _old_or_later(old, refused, error)

    async def mark(self, app: App, connection: Connection, code: str, refused: OAuthTokens) -> None:
        """Note that only the user can help, unless the connection has got other tokens meanwhile."""

        def marked(current: Kept) -> Kept | None:
            if current.credentials != refused:
                return None
            return replace(
                current,
                connection=replace(current.connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=code),
            )

        await self.vault.change(connection.id, app.provider.credentials, marked)

    async def _cooling(self, connection: Connection) -> bool:
        try:
            return await self.shared.get(f"refresh-failed:{connection.id}") is not None
        except Unavailable:
            return False

    async def _cool_down(self, connection: Connection, seconds: float) -> None:
        try:
            await self.shared.set(f"refresh-failed:{connection.id}", b"1", min(seconds, LONGEST_COOL_DOWN))
        except Unavailable:
            log.warning("the shared state is away: a failing refresh is tried again at once")


def lock_of(connection: Connection) -> str:
    """What is held while a connection's tokens are renewed or taken back."""
    return f"refresh:{connection.id}"


def _tokens(kept: Kept) -> OAuthTokens:
    assert isinstance(kept.credentials, OAuthTokens)  # noqa: S101 - they were read as these
    return kept.credentials


def _renewed(current: Kept, old: OAuthTokens, new: OAuthTokens) -> Kept | None:
    """The new pair over the old; nothing when the user has connected again in between."""
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


def _moment_ago() -> TryLater:
    return TryLater("The vendor did not renew it a moment ago.", code="refresh_failed")


def _old_or_later(old: OAuthTokens, refused: OAuthTokens | None, why: PlugFnError) -> OAuthTokens:
    """The old tokens while the vendor may still take them; else TryLater."""
    turned_down = refused is not None and refused.access_token == old.access_token
    if not turned_down and (old.expires_at is None or old.expires_at > datetime.now(UTC)):
        return old
    wait = why.retry_after if isinstance(why, TryLater) else None
    raise TryLater(
        f"The access token could not be renewed: {why.message}",
        retry_after=wait,
        code=why.code if isinstance(why, Unavailable) else "refresh_failed",
    ) from why
