"""The action log in SQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from plugfn.storage.records import ActionLog
from plugfn.storage.sql.connections import filtered
from plugfn.storage.sql.database import Database
from plugfn.storage.sql.tables import action_logs as table

ROWS_AT_ONCE = 200
COLUMNS = [column for column in table.c if column.name != "id"]


class SqlActionLogs(Database):
    """See plugfn.storage.protocol.ActionLogs."""

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """See Store."""
        for start in range(0, len(entries), ROWS_AT_ONCE):
            rows = [asdict(entry) for entry in entries[start : start + ROWS_AT_ONCE]]
            await self.execute(self.insert(table).values(rows))

    async def logs(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        connection_id: str | None = None,
        call_id: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[ActionLog]:
        """See Store."""
        wanted = {"user_id": user_id, "provider": provider, "connection_id": connection_id, "call_id": call_id}
        query = filtered(table, select(*COLUMNS), wanted)
        if since is not None:
            query = query.where(table.c.started_at >= since)
        newest = query.order_by(table.c.started_at.desc(), table.c.id.desc()).limit(max(limit, 0))
        return [ActionLog(**row._mapping) for row in (await self.execute(newest)).rows]

    async def purge_logs(self, before: datetime) -> int:
        """See Store."""
        return await self.delete_all(table, table.c.started_at < before)
