"""Values with a lifetime, in SQL. They expire by the clock of the machine that reads them."""

import hashlib
import time

from sqlalchemy import ColumnElement, delete, select

from plugfn.storage.sql.database import ROWS_AT_ONCE, Database
from plugfn.storage.sql.tables import short_lived as table

LONGEST_KEY = 128
SWEEP_EVERY = 600.0


def fitting(key: str) -> str:
    """`key`, or its digest when it is too long for the column or has characters that a database may refuse."""
    if len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and not key.startswith("sha256:"):
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class SqlShortLived(Database):
    """See plugfn.storage.protocol.ShortLived. Expired values are removed as new ones come."""

    _sweep_at = 0.0

    async def _sweep(self) -> None:
        now = time.time()
        if self._sweep_at > now:
            return
        first, self._sweep_at = not self._sweep_at, now + SWEEP_EVERY
        if not first and await self.delete_some(table, table.c.expires_at <= now) == ROWS_AT_ONCE:
            self._sweep_at = now  # there are more: the next write continues, so that no single write waits for all

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """See Store."""
        while True:
            if await self._write(kind, key, value, ttl, only_over_expired=True):
                return None
            live = await self.peek(kind, key)
            # None: another caller took it, or it expired, between the two statements; try again.
            if live is not None:
                return live

    async def put(self, kind: str, key: str, value: bytes, ttl: float) -> None:
        """See Store."""
        await self._write(kind, key, value, ttl, only_over_expired=False)

    async def _write(self, kind: str, key: str, value: bytes, ttl: float, *, only_over_expired: bool) -> bool:
        await self._sweep()
        now = time.time()
        new = {"value": value, "expires_at": now + ttl}
        statement = self.insert(table).values(kind=kind, key=fitting(key), **new)
        expired = table.c.expires_at <= now if only_over_expired else None
        written = statement.on_conflict_do_update(index_elements=[table.c.kind, table.c.key], set_=new, where=expired)
        return bool((await self.execute(written.returning(table.c.kind))).rows)

    async def peek(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        live = select(table.c.value).where(_place(kind, key), table.c.expires_at > time.time())
        rows = (await self.execute(live)).rows
        return bytes(rows[0].value) if rows else None

    async def take(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        now = time.time()
        removal = delete(table).where(_place(kind, key)).returning(table.c.value, table.c.expires_at)
        rows = (await self.execute(removal)).rows
        return bytes(rows[0].value) if rows and rows[0].expires_at > now else None

    async def purge(self) -> int:
        """See Store."""
        return await self.delete_all(table, table.c.expires_at <= time.time())


def _place(kind: str, key: str) -> ColumnElement[bool]:
    return (table.c.kind == kind) & (table.c.key == fitting(key))
