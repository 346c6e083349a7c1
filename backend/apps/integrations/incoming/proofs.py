"""What proves webhooks of single integrations: read over a connection of the event loop, and cached in the process.

Every change of a proof raises the number in integrations_generation. Before a cached proof is used, this number is not
older than FRESH seconds: when it has risen, all that was cached is void. Only a webhook that arrives asks for it.
All reads that wait go into one query, and an integration that does not exist is remembered too, so guesses cost little.
"""

import asyncio
import atexit
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg

from apps.events.accept import PATIENCE
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import Integration
from apps.integrations.store.connections import connection_of
from lib import crypto
from lib.loop_connection import Live, LoopConnection
from plugfn.errors import NeedsReconnect
from plugfn.vault.sealed_connections import StoredConnection, unsealed

logger = logging.getLogger(__name__)

# Seconds.
FRESH = 1.0
RECHECK = 0.2
KNOWN_LIMIT = 4_000
UNKNOWN_LIMIT = 10_000
# At most so many integrations are read at once, and so many wait.
GROUP_LIMIT = 100
WAITING_LIMIT = 2_000

# The number and the rows are of one moment, so a row is never newer or older than the number beside it. The columns are
# those that PlugFn needs to open a connection: the function shows no others.
_READ = """
    SELECT number, found.* FROM integrations_generation LEFT JOIN LATERAL (
        SELECT id, client_id, provider, status, label, sealed, created_at, updated_at
        FROM unnest(%s::uuid[]) AS asked, integrations_proof(asked)
    ) AS found ON true
"""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Proof:
    """An integration with its credentials, and whose it is."""

    stored: StoredConnection
    client: UUID


Found = Mapping[UUID, Proof]


class Unreadable(Exception):
    """The database did not say what proves a webhook: its sender must retry."""


class Recent(Generic[V]):
    """A dictionary of the entries that were used last."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[UUID, V] = OrderedDict()

    def get(self, key: UUID) -> V | None:
        """The value, which counts as used now."""
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: UUID, value: V) -> None:
        """Add a value. The one that was used longest ago may give way."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def drop(self, key: UUID) -> None:
        """Forget one entry, if it is there."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()


class Proofs:
    """The proofs that one event loop knows."""

    def __init__(self) -> None:
        self.connection = LoopConnection()
        self._known: Recent[Proof] = Recent(KNOWN_LIMIT)
        self._unknown: Recent[bool] = Recent(UNKNOWN_LIMIT)
        self._number: int | None = None
        self._checked = float("-inf")
        # What is being read, for those who wait for it: None stands for the number alone. A result of None is an error.
        self._waiting: dict[UUID | None, asyncio.Future[Found | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def of(self, integration: UUID) -> Proof | None:
        """The integration with its credentials; None if there is none. Raises Unreadable within PATIENCE seconds."""
        if self._is_fresh() and (proof := self._known.get(integration)) is not None:
            return proof
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._find(integration)
        except TimeoutError:
            raise Unreadable from None

    async def again(self, integration: UUID) -> Proof | None:
        """As `of`, and not older than this call, for a secret that does not fit: it may be new. Guesses come here too,
        so all together ask at most once in RECHECK seconds, and wait that long. Raises Unreadable.
        """
        loop = asyncio.get_running_loop()
        called = loop.time()
        await asyncio.sleep(max(0.0, self._checked + RECHECK - called))
        try:
            async with asyncio.timeout(PATIENCE):
                # A read that had begun before may say what was true before.
                while self._checked < called:
                    await self._read(None)
                return await self._find(integration)
        except TimeoutError:
            raise Unreadable from None

    def drop(self, integration: UUID) -> None:
        """Read this integration again before it is used."""
        self._known.drop(integration)

    def forget(self) -> None:
        """Forget all."""
        self._known.clear()
        self._unknown.clear()
        self._checked = float("-inf")

    def _is_fresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._checked < FRESH

    async def _find(self, integration: UUID) -> Proof | None:
        if not self._is_fresh():
            await self._read(None)
        if (proof := self._known.get(integration)) is not None:
            return proof
        if self._unknown.get(integration):
            return None
        return (await self._read(integration)).get(integration)

    async def _read(self, wanted: UUID | None) -> Found:
        """Have it read, together with what others want."""
        loop = asyncio.get_running_loop()
        if (outcome := self._waiting.get(wanted)) is None:
            if len(self._waiting) >= WAITING_LIMIT:
                raise Unreadable
            outcome = self._waiting[wanted] = loop.create_future()
            if self._task is None or self._task.done():
                self._task = loop.create_task(self._read_all())
        if (found := await asyncio.shield(outcome)) is None:
            raise Unreadable
        return found

    async def _read_all(self) -> None:
        while self._waiting:
            wanted = list(islice(self._waiting, GROUP_LIMIT))
            found = await self._read_group([integration for integration in wanted if integration is not None])
            for each in wanted:
                self._waiting.pop(each).set_result(found)

    async def _read_group(self, asked: list[UUID]) -> Found | None:
        """Read and cache them; None if the database does not answer."""
        began = asyncio.get_running_loop().time()
        try:
            number, rows = await self.connection.use(lambda live: _query(live, asked), PATIENCE)
        except (psycopg.Error, OSError) as error:
            logger.warning("What proves webhooks could not be read (%s).", type(error).__name__)
            await self.connection.close()
            return None
        except Exception as error:
            logger.exception("What proves webhooks could not be read: %s", type(error).__name__)
            return None
        if number != self._number:
            self.forget()
        self._number, self._checked = number, began
        return self._keep(asked, rows)

    def _keep(self, asked: Sequence[UUID], rows: Sequence[Integration]) -> Found:
        found = {row.pk: proof for row in rows if (proof := _open(row)) is not None}
        for integration in asked:
            if integration in found:
                self._known.put(integration, found[integration])
            else:
                self._unknown.put(integration, True)
        return found


async def _query(live: Live, asked: list[UUID]) -> tuple[int, list[Integration]]:
    cursor = await live.execute(_READ, (asked,), prepare=True)
    names = [column.name for column in cursor.description or ()][1:]
    rows = await cursor.fetchall()
    if not rows:
        raise psycopg.DataError("the generation of webhook keys has no row")
    number: int = rows[0][0]  # type: ignore[assignment]
    return number, [Integration(**dict(zip(names, row[1:], strict=True))) for row in rows if row[1] is not None]


def _open(row: Integration) -> Proof | None:
    """None if no key opens it, as if it did not exist: nothing can prove its webhooks."""
    if (entry := BY_PROVIDER.get(row.provider)) is None:
        return None
    try:
        stored = unsealed(crypto.ring(), connection_of(row), bytes(row.sealed), entry.definition.credentials)
    except NeedsReconnect:
        return None
    return Proof(stored, row.client_id)


_proofs: WeakKeyDictionary[asyncio.AbstractEventLoop, Proofs] = WeakKeyDictionary()


def proofs() -> Proofs:
    """Those of the running loop."""
    loop = asyncio.get_running_loop()
    if (found := _proofs.get(loop)) is None:
        found = _proofs[loop] = Proofs()
    return found


@atexit.register
def _forget_all() -> None:
    for found in _proofs.values():
        found.connection.forget()
