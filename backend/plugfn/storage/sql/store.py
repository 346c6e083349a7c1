"""The complete SQL store."""

import asyncio
import threading

from sqlalchemy import Executable

from plugfn.storage.sql.action_logs import SqlActionLogs
from plugfn.storage.sql.connections import SqlConnections
from plugfn.storage.sql.database import StatementResult
from plugfn.storage.sql.short_lived import SqlShortLived
from plugfn.storage.sql.upgrade import upgrade
from plugfn.storage.sql.workflows import SqlWorkflows


class SqlStore(SqlConnections, SqlShortLived, SqlActionLogs, SqlWorkflows):
    """`SqlStore("postgresql://…")` or `SqlStore("sqlite:///plugfn.db")`.

    It may be used from several event loops, threads and forked processes. Each loop has `pool_size` connections (on
    PostgreSQL up to three times as many under load). Without `open` it opens on first use."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        super().__init__(url, pool_size)
        self._opened, self._opening = False, threading.Lock()

    async def open(self) -> None:
        """Create the tables, or upgrade them to the newest revision. Raises Unavailable (code "store")."""
        await asyncio.to_thread(upgrade, self._url)
        self._opened = True

    def _open_once(self) -> None:
        with self._opening:
            if not self._opened:
                upgrade(self._url)
                self._opened = True

    async def execute(self, statement: Executable) -> StatementResult:
        """As Database.execute; opens the store first if needed."""
        if not self._opened:
            await asyncio.to_thread(self._open_once)
        return await super().execute(statement)

    async def close(self) -> None:
        """Close the connections of all event loops. The next use opens new ones."""
        await self.close_engines()
