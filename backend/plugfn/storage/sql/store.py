"""The SQL store, whole."""

import asyncio
import threading

from sqlalchemy import Executable

from plugfn.storage.sql.action_logs import SqlActionLogs
from plugfn.storage.sql.connections import SqlConnections
from plugfn.storage.sql.database import Outcome
from plugfn.storage.sql.short_lived import SqlShortLived
from plugfn.storage.sql.upgrade import upgrade
from plugfn.storage.sql.workflows import SqlWorkflows


class SqlStore(SqlConnections, SqlShortLived, SqlActionLogs, SqlWorkflows):
    """`SqlStore("postgresql://…")` or `SqlStore("sqlite:///plugfn.db")`.

    It may be used from several event loops, threads and forked processes; each loop has `pool_size` connections (three
    times as many under load on PostgreSQL). One that was not opened opens itself when it is first used."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        super().__init__(url, pool_size)
        self._opened, self._opening = False, threading.Lock()

    async def open(self) -> None:
        """Make the tables, or bring them to their newest revision. Raises Unavailable (code "store")."""
        await asyncio.to_thread(upgrade, self._url)
        self._opened = True

    def _open_once(self) -> None:
        with self._opening:
            if not self._opened:
                upgrade(self._url)
                self._opened = True

    async def execute(self, statement: Executable) -> Outcome:
        """As Database.execute."""
        if not self._opened:
            await asyncio.to_thread(self._open_once)
        return await super().execute(statement)

    async def close(self) -> None:
        """Close the connections of all loops; the next use opens new ones."""
        await self.close_engines()
