"""Stored connections. Credentials, label and account are encrypted; a keyed digest makes the account searchable.

A change is written only over the version that it was made from (compare and swap on `updated_at`), so that of two
simultaneous changes neither is lost.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from plugfn.connection import Connection
from plugfn.crypto import KeyRing, Unreadable
from plugfn.definition import Model
from plugfn.errors import NeedsReconnect, TryLater
from plugfn.storage.protocol import Store
from plugfn.vault.sealed_model import seal_model, unseal_model

TICK = timedelta(microseconds=1)
ATTEMPTS = 20
PAGE = 1000


class Profile(BaseModel):
    """What is encrypted of a connection besides its credentials."""

    model_config = ConfigDict(hide_input_in_errors=True)

    label: str = ""
    account: str = ""
    webhook: str = ""
    """The digest of the secret in the connection's webhook URL."""


@dataclass(frozen=True)
class StoredConnection:
    """A connection with its decrypted credentials."""

    connection: Connection
    credentials: Model
    webhook: str = ""


class Vault:
    """Encrypts what is written, decrypts what is read. It does not check users: its callers do."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def add(self, connection: Connection, credentials: Model) -> None:
        """Store a new connection."""
        await self._store.add_connection(*self._sealed(StoredConnection(connection, credentials)))

    async def find(self, connection_id: str) -> Connection | None:
        """The connection with this id, of any user."""
        row = await self._store.connection(connection_id)
        return None if row is None else self._readable(row)[0]

    async def of_user(self, user_id: str, provider: str | None = None, *, limit: int = 1000) -> list[Connection]:
        """A user's connections, by id."""
        rows = await self._store.connections(user_id=user_id, provider=provider, limit=limit)
        return [self._readable(row)[0] for row in rows]

    async def of_account(self, provider: str, account: str, user_id: str | None = None) -> list[Connection]:
        """The connections to a vendor's account, of all users or of one."""
        # One query for all digests: with one query each, a row that is resealed in between would be missed.
        digests = account_digests(self._ring, provider, account)
        connections: list[Connection] = []
        more = True
        while more:
            after = connections[-1].id if connections else ""
            rows = await self._store.connections(
                user_id=user_id, provider=provider, accounts=digests, after=after, limit=PAGE
            )
            connections += rows
            more = len(rows) == PAGE
        return [self._readable(row)[0] for row in connections]

    async def read(self, connection_id: str, model: type[Model]) -> StoredConnection | None:
        """With its credentials. Raises NeedsReconnect (code "unreadable") when no key of the ring opens them."""
        row_and_sealed = await self._store.with_credentials(connection_id)
        return None if row_and_sealed is None else unsealed(self._ring, *row_and_sealed, model)

    async def change(
        self, connection_id: str, model: type[Model], how: Callable[[StoredConnection], StoredConnection | None]
    ) -> StoredConnection | None:
        """Replace a connection by what `how` returns for its current state, unless `how` returns None.

        Returns the stored state; None when it is gone. `how` is called again after a simultaneous change."""
        for _ in range(ATTEMPTS):
            stored = await self.read(connection_id, model)
            changed = None if stored is None else how(stored)
            if stored is None or changed is None:
                return stored
            written = await self._write(stored, changed)
            if written is not None:
                return written
        raise TryLater("too many simultaneous changes of the connection", code="conflict")

    async def _write(self, stored: StoredConnection, changed: StoredConnection) -> StoredConnection | None:
        before = stored.connection.updated_at
        stamped = replace(changed.connection, updated_at=max(datetime.now(UTC), before + TICK))
        changed = replace(changed, connection=stamped)
        written = await self._store.update_connection(*self._sealed(changed), read_at=before)
        return changed if written else None

    async def remove(self, connection_id: str) -> bool:
        """Delete a connection with its credentials. False when there was none."""
        return await self._store.delete_connection(connection_id)

    async def is_current(self, connection_id: str) -> bool:
        """Whether all of it is encrypted with the ring's first key; true if it is gone. Raises Unreadable."""
        row_and_sealed = await self._store.with_credentials(connection_id)
        if row_and_sealed is None:
            return True
        row, sealed = row_and_sealed
        self._ring.unseal(sealed, _context(row))
        _profile(self._ring, row)
        return self._ring.is_current(sealed) and self._ring.is_current(_raw(row.label))

    async def reseal(self, connection_id: str) -> bool:
        """Reencrypt it with the ring's first key, unless it already is. Returns whether there was something to do.

        Raises Unreadable when no key of the ring opens it."""
        for _ in range(ATTEMPTS):
            row_and_sealed = await self._store.with_credentials(connection_id)
            if row_and_sealed is None:
                return False
            row, sealed = row_and_sealed
            if self._ring.is_current(sealed) and self._ring.is_current(_raw(row.label)):
                return False
            new = self._ring.seal(self._ring.unseal(sealed, _context(row)), _context(row))
            fresh = replace(self._sealed_row(*_profile(self._ring, row)), updated_at=row.updated_at + TICK)
            if await self._store.update_connection(fresh, new, read_at=row.updated_at):
                return True
        raise TryLater("too many simultaneous changes of the connection", code="conflict")

    def _sealed(self, stored: StoredConnection) -> tuple[Connection, bytes]:
        row = self._sealed_row(stored.connection, stored.webhook)
        return row, seal_model(self._ring, stored.credentials, _context(row))

    def _sealed_row(self, shown: Connection, webhook: str) -> Connection:
        profile = Profile(label=shown.label, account=shown.account, webhook=webhook)
        sealed = self._ring.seal(profile.model_dump_json().encode(), _context(shown) + "|profile")
        digests = account_digests(self._ring, shown.provider, shown.account) if shown.account else ("",)
        return replace(shown, label=base64.b64encode(sealed).decode(), account=digests[0])

    def _readable(self, row: Connection) -> tuple[Connection, str]:
        """As _profile, with empty texts when it cannot be decrypted: one bad row must not fail a whole list."""
        try:
            return _profile(self._ring, row)
        except Unreadable:
            return replace(row, label="", account=""), ""


def unsealed(ring: KeyRing, row: Connection, sealed: bytes, model: type[Model]) -> StoredConnection:
    """A stored row, decrypted. Raises NeedsReconnect (code "unreadable") when no key of the ring opens it."""
    try:
        shown, webhook = _profile(ring, row)
        return StoredConnection(shown, unseal_model(ring, model, sealed, _context(row)), webhook)
    except (Unreadable, ValidationError):
        raise NeedsReconnect(
            "the stored credentials cannot be read", code="unreadable", provider=row.provider
        ) from None


def account_digests(ring: KeyRing, provider: str, account: str) -> tuple[str, ...]:
    """What the rows of a vendor's account may have stored for it: the digest with each key, the writer's first."""
    return ring.digests(account, f"account|{provider}")


def _profile(ring: KeyRing, row: Connection) -> tuple[Connection, str]:
    """The decrypted connection, and the digest of its webhook's secret. Raises Unreadable."""
    profile = Profile.model_validate_json(ring.unseal(_raw(row.label), _context(row) + "|profile"))
    return replace(row, label=profile.label, account=profile.account), profile.webhook


def _raw(label: str) -> bytes:
    try:
        return base64.b64decode(label, validate=True)
    except ValueError:
        raise Unreadable("not sealed") from None


def _context(row: Connection) -> str:
    return f"connection|{row.id}|{row.user_id}|{row.provider}"
