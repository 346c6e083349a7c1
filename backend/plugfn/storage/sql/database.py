"""Runs SQL statements: one engine for each event loop, errors of our own, and retries while SQLite is locked."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from sqlalchemy import ColumnElement, Executable, Row, Table, delete, event, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from plugfn.errors import InvalidCall, Unavailable
from plugfn.storage.sql.address import SQLITE, address
from plugfn.storage.sql.sqlite_words import of_sqlite

ATTEMPTS_WHEN_LOCKED = 4
ANSWER_SECONDS = 1.0
"""A running event loop answers at once; one that has not answered by then is blocked."""
BUSY_SECONDS = 5.0
POOL_WAIT_SECONDS = 10.0
ROWS_AT_ONCE = 1000
STATEMENT_SECONDS = 60.0
"""A server that accepts packets and never answers must not block its callers for ever."""


@dataclass(frozen=True)
class StatementResult:
    """The rows of a statement, and how many rows it changed."""

    rows: Sequence[Row[Any]]
    changed: int


@dataclass
class _Engine:
    """An engine with its event loop and process, and its open connections."""

    loop: asyncio.AbstractEventLoop
    process: int
    engine: AsyncEngine
    open: "WeakSet[Any]" = field(default_factory=WeakSet)
    running: "set[asyncio.Task[StatementResult]]" = field(default_factory=set)

    async def run(self, executed: Coroutine[Any, Any, StatementResult]) -> StatementResult:
        """Run a statement to its end, even when its caller is cancelled. A connection that is abandoned while it is
        opened or during a statement would stay in use, and could keep SQLite locked."""
        task = self.loop.create_task(executed)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        if self.loop is asyncio.get_running_loop():
            await self._dispose()
        elif await self._answers():
            disposed = asyncio.run_coroutine_threadsafe(self._dispose(), self.loop)
            await asyncio.wait([asyncio.wrap_future(disposed)], timeout=POOL_WAIT_SECONDS)
        else:
            self.abandon()

    async def _dispose(self) -> None:
        if self.running:
            await asyncio.wait(self.running, timeout=POOL_WAIT_SECONDS)
        await self.engine.dispose()

    async def _answers(self) -> bool:
        """Whether the loop runs and is not blocked, as it would be by a caller there that waits for this close."""
        if not self.loop.is_running():
            return False
        answered, deadline = threading.Event(), time.monotonic() + ANSWER_SECONDS
        try:
            self.loop.call_soon_threadsafe(answered.set)
        except RuntimeError:  # the loop has just closed
            return False
        while not answered.is_set() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return answered.is_set()

    def abandon(self) -> None:
        """Close the connections of a loop that has stopped or does not answer: nothing can be awaited on it."""
        close = _stop if self.engine.url.drivername == SQLITE else _finish
        # In a thread without an event loop, because aiosqlite would report to the current loop, which may end first.
        closing = threading.Thread(target=lambda: [close(connection) for connection in list(self.open)])
        closing.start()
        closing.join()


def _stop(connection: Any) -> None:
    connection.stop()


def _finish(connection: Any) -> None:
    connection.pgconn.finish()


class Database:
    """One database, for any number of event loops, threads and forked processes."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self._url: URL = address(url)
        self._pool_size = pool_size
        self._lock = threading.Lock()
        self._engines: dict[int, _Engine] = {}
        self._inherited: list[_Engine] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url.get_backend_name()}>"

    def insert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """This database's INSERT, for ON CONFLICT."""
        return sqlite.insert(table) if self._url.drivername == SQLITE else postgresql.insert(table)

    async def execute(self, statement: Executable) -> StatementResult:
        """Run one statement, in its own transaction.

        Raises Unavailable (code "store"), InvalidCall (a value that the database cannot store), IntegrityError."""
        entry = self._entry()
        return await entry.run(self._executed(entry.engine, statement))

    async def _executed(self, engine: AsyncEngine, statement: Executable) -> StatementResult:
        for attempt in range(1, ATTEMPTS_WHEN_LOCKED + 1):
            try:
                limit = asyncio.timeout(STATEMENT_SECONDS)
                async with _mapped_errors(), limit, engine.connect() as connection:
                    return await _outcome(connection, statement)
            except _Locked:
                await asyncio.sleep(0.05 * attempt)
        raise Unavailable("the database stayed locked by another process", code="store")

    async def delete_some(self, table: Table, where: ColumnElement[bool]) -> int:
        """Delete at most ROWS_AT_ONCE rows, to not block other work for long. Skips rows that are locked."""
        key = list(table.primary_key)
        portion = select(*key).where(where).limit(ROWS_AT_ONCE).with_for_update(skip_locked=True)
        return (await self.execute(delete(table).where(tuple_(*key).in_(portion)))).changed

    async def delete_all(self, table: Table, where: ColumnElement[bool]) -> int:
        """Delete in portions, each in its own transaction. Returns how many rows."""
        deleted = last = await self.delete_some(table, where)
        while last == ROWS_AT_ONCE:
            deleted += (last := await self.delete_some(table, where))
        return deleted

    async def close_engines(self) -> None:
        """Close the connections of all event loops."""
        with self._lock:
            self._drop_inherited()
            engines, self._engines = list(self._engines.values()), {}
        for entry in engines:
            await entry.close()

    def _entry(self) -> _Engine:
        loop = asyncio.get_running_loop()
        with self._lock:
            self._drop_inherited()
            entry = self._engines.get(id(loop))
            if entry is None or entry.loop is not loop:
                self._drop_closed()
                entry = self._engines[id(loop)] = self._new_engine(loop)
        return entry

    def _drop_inherited(self) -> None:
        # A forked child must neither use nor close its parent's connections. They are kept, so that no destructor
        # closes them.
        for place, entry in list(self._engines.items()):
            if entry.process != os.getpid():
                self._inherited.append(self._engines.pop(place))

    def _drop_closed(self) -> None:
        for place, entry in list(self._engines.items()):
            if entry.loop.is_closed():
                self._engines.pop(place).abandon()

    def _new_engine(self, loop: asyncio.AbstractEventLoop) -> _Engine:
        on_sqlite = self._url.drivername == SQLITE
        engine = create_async_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            pool_size=self._pool_size,
            max_overflow=0 if on_sqlite else 2 * self._pool_size,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=not on_sqlite,
            hide_parameters=True,
            connect_args={"timeout": BUSY_SECONDS} if on_sqlite else {"connect_timeout": 5},
        )
        entry = _Engine(loop, os.getpid(), engine)

        def connected(connection: Any, _record: Any) -> None:
            entry.open.add(connection.driver_connection)
            if on_sqlite:
                _set_up(connection)

        event.listen(engine.sync_engine, "connect", connected)
        return entry


def _set_up(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


async def _outcome(connection: AsyncConnection, statement: Executable) -> StatementResult:
    result = await connection.execute(statement)
    rows = result.all() if result.returns_rows else []
    return StatementResult(rows, len(rows) if result.returns_rows else result.rowcount)


class _Locked(Exception):
    """Another process has kept the SQLite file locked for long."""


@asynccontextmanager
async def _mapped_errors() -> AsyncIterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DataError, UnicodeEncodeError, OverflowError) as error:
        raise InvalidCall("the database cannot store a value", code="store_value") from error
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
        if "database is locked" in str(error) or "database table is locked" in str(error):
            raise _Locked from error
        raise Unavailable(f"the database cannot be reached{of_sqlite(error)}", code="store") from error
    except DBAPIError as error:
        raise Unavailable("the database refused a statement", code="store") from error
    except StatementError as error:
        raise ValueError(str(error.orig)) from error
