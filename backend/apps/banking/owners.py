"""Whose an item is, asked from an event loop: one query, over a database connection of its own.

Only webhooks that a token in the path proves need it, one after the other: they are few.
"""

import asyncio
import atexit
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg

from apps.banking.aggregators.mailboxes import MailboxName
from lib.loop_connection import Live, LoopConnection

# A function of the owner's, which sees the connections of all clients.
_MAY_OWN = "SELECT banking_may_own(%s, %s, %s, %s)"


async def may_own(member: UUID, item: MailboxName, deadline: float) -> bool:
    """Whether the item is this member's, or Ponte does not know whose it is: the vendor must say it then.

    Only the id in the mailbox's name counts, also where it is not an item's.

    Raises TimeoutError at `deadline`, by the loop's clock, and psycopg's errors.
    """
    return await _lookup().may_own(member, item, deadline)


class _Lookup:
    """The connection of one loop."""

    def __init__(self) -> None:
        self.connection = LoopConnection()
        self._turn = asyncio.Lock()

    async def may_own(self, member: UUID, item: MailboxName, deadline: float) -> bool:
        """Whether the item has no connection, or one of this member or of no member."""

        async def ask(live: Live) -> bool:
            cursor = await live.execute(_MAY_OWN, (member, item.aggregator, item.application, item.id), prepare=True)
            row = await cursor.fetchone()
            return bool(row and row[0])

        async with asyncio.timeout_at(deadline):
            await self._turn.acquire()
        try:
            if (left := deadline - asyncio.get_running_loop().time()) <= 0:
                raise TimeoutError
            return await self.connection.use(ask, left)
        except (psycopg.Error, OSError):
            await self.connection.close()
            raise
        finally:
            self._turn.release()


_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lookup] = WeakKeyDictionary()


def _lookup() -> _Lookup:
    """The connection of the running loop."""
    loop = asyncio.get_running_loop()
    if (lookup := _lookups.get(loop)) is None:
        lookup = _lookups[loop] = _Lookup()
    return lookup


@atexit.register
def _forget_all() -> None:
    for lookup in _lookups.values():
        lookup.connection.forget()
