"""Connections at rest: credentials sealed, label and account sealed too, the account findable by a keyed digest.

A change is written only over what it was made from (compare and swap on `updated_at`), so of two at once none is lost.
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
    """What of a connection is sealed beside its credentials."""

    model_config = ConfigDict(hide_input_in_errors=True)

    label: str = ""
    account: str = ""
    webhook: str = ""
    """The digest of the secret in its webhook URL."""


@dataclass(frozen=True)
class Kept:
    """A connection with its credentials, opened."""

    connection: Connection
    credentials: Model
    webhook: str = ""


class Vault:
    """Seals what goes in, opens what comes out. Knows no users: its callers check."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def add(self, connection: Connection, credentials: Model) -> None:
        """Store a new one."""
        await self._store.add_connection(*self._closed(Kept(connection, credentials)))

    async def find(self, connection_id: str) -> Connection | None:
        """The connection of this id, whoever's it is."""
        row = await self._store.connection(connection_id)
        return None if row is None else self._shown(row)[0]

    async def of_user(
        self, user_id: str, provider: str | None = None, *, after: str = "", limit: int = 1000
    ) -> list[Connection]:
        """A user's, by id."""
        rows = await self._store.connections(user_id=user_id, provider=provider, after=after, limit=limit)
        return [self._shown(row)[0] for row in rows]

    async def of_account(self, provider: str, account: str, user_id: str | None = None) -> list[Connection]:
        """Those of a vendor's account: everybody's, or one user's."""
        # All digests at once: asked for one after the other, a row that is resealed in between would be missed.
        digests = self._ring.digests(account, f"account|{provider}")
        found: list[Connection] = []
        more = True
        while more:
            after = found[-1].id if found else ""
            rows = await self._store.connections(
                user_id=user_id, provider=provider, accounts=digests, after=after, limit=PAGE
            )
            found += rows
            more = len(rows) == PAGE
        return [self._shown(row)[0] for row in found]

    async def read(self, connection_id: str, model: type[Model]) -> Kept | None:
        """With its credentials. Raises NeedsReconnect (code "unreadable") when no key of the ring opens them."""
        found = await self._store.with_credentials(connection_id)
        return None if found is None else self._opened(*found, model)

    async def change(self, connection_id: str, model: type[Model], how: Callable[[Kept], Kept | None]) -> Kept | None:
        """Write what `how` makes of it as it is then; nothing if that is None. What is stored now; None: it is gone.

        `how` is asked again when another change came between."""
        for _ in range(ATTEMPTS):
            kept = await self.read(connection_id, model)
            changed = None if kept is None else how(kept)
            if kept is None or changed is None:
                return kept
            written = await self._write(kept, changed)
            if written is not None:
                return written
        raise TryLater("the connection is being changed by many at once", code="conflict")

    async def _write(self, kept: Kept, changed: Kept) -> Kept | None:
        before = kept.connection.updated_at
        stamped = replace(changed.connection, updated_at=max(datetime.now(UTC), before + TICK))
        changed = replace(changed, connection=stamped)
        done = await self._store.update_connection(*self._closed(changed), read_at=before)
        return changed if done else None

    async def remove(self, connection_id: str) -> bool:
        """With its credentials. False when there was none."""
        return await self._store.delete_connection(connection_id)

    async def reseal(self, connection_id: str) -> bool:
        """Seal with the ring's first key what is not. Whether there was something to do.

        Raises Unreadable when no key of the ring opens it."""
        for _ in range(ATTEMPTS):
            found = await self._store.with_credentials(connection_id)
            if found is None or (self._ring.is_current(found[1]) and self._ring.is_current(_raw(found[0].label))):
                return False
            row, sealed = found
            new = self._ring.seal(self._ring.unseal(sealed, _context(row)), _context(row))
            fresh = replace(self._closed_profile(*self._profile(row)), updated_at=row.updated_at + TICK)
            if await self._store.update_connection(fresh, new, read_at=row.updated_at):
                return True
        raise TryLater("the connection is being changed by many at once", code="conflict")

    def _closed(self, kept: Kept) -> tuple[Connection, bytes]:
        row = self._closed_profile(kept.connection, kept.webhook)
        return row, seal_model(self._ring, kept.credentials, _context(row))

    def _closed_profile(self, shown: Connection, webhook: str) -> Connection:
        profile = Profile(label=shown.label, account=shown.account, webhook=webhook)
        sealed = self._ring.seal(profile.model_dump_json().encode(), _context(shown) + "|profile")
        digests = self._ring.digests(shown.account, f"account|{shown.provider}") if shown.account else ("",)
        return replace(shown, label=base64.b64encode(sealed).decode(), account=digests[0])

    def _profile(self, row: Connection) -> tuple[Connection, str]:
        """As it is, and its webhook's digest. Raises Unreadable."""
        profile = Profile.model_validate_json(self._ring.unseal(_raw(row.label), _context(row) + "|profile"))
        return replace(row, label=profile.label, account=profile.account), profile.webhook

    def _shown(self, row: Connection) -> tuple[Connection, str]:
        """What cannot be opened stays empty: a list must not fail for one."""
        try:
            return self._profile(row)
        except Unreadable:
            return replace(row, label="", account=""), ""

    def _opened(self, row: Connection, sealed: bytes, model: type[Model]) -> Kept:
        try:
            shown, webhook = self._profile(row)
            return Kept(shown, unseal_model(self._ring, model, sealed, _context(row)), webhook)
        except (Unreadable, ValidationError):
            raise NeedsReconnect(
                "the stored credentials cannot be read", code="unreadable", provider=row.provider
            ) from None


def _raw(label: str) -> bytes:
    try:
        return base64.b64decode(label, validate=True)
    except ValueError:
        raise Unreadable("not sealed") from None


def _context(row: Connection) -> str:
    return f"connection|{row.id}|{row.user_id}|{row.provider}"
