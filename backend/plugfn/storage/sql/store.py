"""The SQL store, whole."""

import asyncio

from plugfn.storage.sql.action_logs import SqlActionLogs
from plugfn.storage.sql.connections import SqlConnections
from plugfn.storage.sql.short_lived import SqlShortLived
from plugfn.storage.sql.upgrade import upgrade
from plugfn.storage.sql.workflows import SqlWorkflows


class SqlStore(SqlConnections, SqlShortLived, SqlActionLogs, SqlWorkflows):
    """`SqlStore("postgresql://…")` or `SqlStore("sqlite:///plugfn.db")`.

    It may be used from several event loops, threads and forked processes; each loop has `pool_size` connections (three
    times as many under load on PostgreSQL)."""

    async def open(self) -> None:
        """Make the tables, or bring them to their newest revision. Raises Unavailable (code "store")."""
        await asyncio.to_thread(upgrade, self._url)

    async def close(self) -> None:
        """Close the connections of all loops; the next use opens new ones."""
        await self.close_engines()
