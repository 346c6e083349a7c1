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

# The function sees the connections of all clients, and tells of one item whose it is.
_MEMBER = "SELECT banking_member_of_item(%s, %s, %s)"


async def may_own(member: UUID, item: MailboxName, deadline: float) -> bool:
    """Whether the item is this member's, or Ponte does not know whose it is: the vendor must say it then.

    Only the id in the mailbox's name counts, also where it is not an item's.

    Raises TimeoutError at `deadline`, by the loop's clock, and psycopg's errors.
    """
    owners = await _lookup().members(item, deadline)
    return owners <= {member, None}


class _Lookup:
    """The connection of one loop."""

    def __init__(self) -> None:
        self.connection = LoopConnection()
        self._turn = asyncio.Lock()

    async def members(self, item: MailboxName, deadline: float) -> set[object]:
        """The members of the item's connection, which is at most one."""

        async def ask(live: Live) -> set[object]:
            cursor = await live.execute(_MEMBER, (item.aggregator, item.application, item.id), prepare=True)
            return {row[0] for row in await cursor.fetchall()}

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
