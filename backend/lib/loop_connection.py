"""A database connection for code in an event loop. Each use ends within its patience, whatever hangs."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

T = TypeVar("T")
Live = psycopg.AsyncConnection[tuple[object, ...]]


class LoopConnection:
    """Opens its connection at the first use. It is for one user at a time."""

    def __init__(self) -> None:
        self._connection: Live | None = None
        self._fresh = True

    async def use(self, work: Callable[[Live], Awaitable[T]], patience: float) -> T:
        """The result of `work`, which may run twice. Raises psycopg's errors, within `patience` seconds."""
        task = asyncio.ensure_future(self._once_or_again(work))
        done, _ = await asyncio.wait([task], timeout=patience)
        if not done:
            self._hang_up(task)
            await asyncio.wait([task])
            if task.cancelled():
                raise psycopg.OperationalError("the database did not let us connect in time")
        return task.result()

    async def _once_or_again(self, work: Callable[[Live], Awaitable[T]]) -> T:
        """Replace a connection that died while it was idle, once."""
        try:
            return await self._once(work)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            if self._fresh or (self._connection and not self._connection.closed):
                raise
            await self.close()
        return await self._once(work)

    async def _once(self, work: Callable[[Live], Awaitable[T]]) -> T:
        if self._connection is None:
            self._fresh = True
            self._connection = await _connect()
        result = await work(self._connection)
        self._fresh = False
        return result

    def _hang_up(self, task: asyncio.Future[T]) -> None:
        """End work that hangs, at once. psycopg's cancelling would ask the server, which does not answer, and wait."""
        if self._connection is None or self._connection.closed:
            task.cancel()
            return
        self._fresh = True
        # A connection that the server has just ended needs no shutdown.
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Close the connection when the process ends and no loop runs any more."""
        if self._connection is not None:
            self._connection.pgconn.finish()

    async def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        live, self._connection = self._connection, None
        if live is not None:
            await live.close()


async def _connect() -> Live:
    parameters = connections[DEFAULT_DB_ALIAS].get_connection_params()
    for django_only in ("context", "cursor_factory"):
        parameters.pop(django_only, None)
    live = await psycopg.AsyncConnection.connect(**{**parameters, "autocommit": True})
    await live.execute("SET statement_timeout = '1500ms'")
    return live
