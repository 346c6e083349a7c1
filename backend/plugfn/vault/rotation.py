"""Encrypts all stored data with the ring's first key, so that older keys can be removed.

Put the new key first in every process's ring, rotate, and remove the old key a day later: sign-ins in progress and the
results of idempotency keys still need it, and expire within that day. A rotation may run again, or twice at once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from plugfn.connection import Connection
from plugfn.crypto import KeyRing, Unreadable
from plugfn.storage.protocol import Store
from plugfn.storage.records import RunRow, WorkflowRow
from plugfn.vault.sealed_connections import Vault

PAGE = 200

OnProgress = Callable[[str, int], None]
"""Called after each page with the kind (connections, workflows or runs) and how many of them have been examined."""

T = TypeVar("T", Connection, WorkflowRow, RunRow)
Pages = Callable[[str], Awaitable[list[Any]]]


@dataclass
class Rotated:
    """What a rotation did."""

    resealed: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, list[str]] = field(default_factory=dict)
    """Ids of rows that no key of the ring opens, by kind: a key is missing, or the row was changed."""

    @property
    def complete(self) -> bool:
        """Whether the older keys are no longer needed."""
        return not any(self.unreadable.values())


@dataclass
class Checked:
    """What a look at all stored data found, by kind: connections, workflows, runs."""

    readable: dict[str, int] = field(default_factory=dict)
    outdated: dict[str, int] = field(default_factory=dict)
    """How many of the readable rows a rotation would reencrypt."""
    unreadable: dict[str, list[str]] = field(default_factory=dict)
    """Ids of rows that no key of the ring opens."""


async def check_keys(store: Store, ring: KeyRing) -> Checked:
    """Decrypt connections, workflows and runs, page by page. Changes nothing."""
    found, vault = Checked(), Vault(store, ring)

    async def is_current(row: Connection | WorkflowRow | RunRow) -> bool:
        if isinstance(row, Connection):
            return await vault.is_current(row.id)
        ring.unseal(row.body, row.context)
        return ring.is_current(row.body)

    for kind, pages in _kinds(store).items():
        await _check(found, kind, pages, is_current)
    return found


async def _check(found: Checked, kind: str, pages: Pages, is_current: Callable[[Any], Awaitable[bool]]) -> None:
    current: list[bool] = []
    lost: list[str] = []
    async for rows in _paged(pages):
        for row in rows:
            try:
                current.append(await is_current(row))
            except Unreadable:
                lost.append(row.id)
    found.readable[kind], found.outdated[kind], found.unreadable[kind] = len(current), current.count(False), lost


async def rotate_keys(store: Store, ring: KeyRing, on_progress: OnProgress | None = None) -> Rotated:
    """Reencrypt connections, workflows and runs, page by page. Calls may go on meanwhile."""
    rotation = _Rotation(store, ring, on_progress or _silent)
    for kind, pages in _kinds(store).items():
        await rotation.walk(kind, pages, rotation.connection if kind == "connections" else rotation.body)
    return rotation.done


def _kinds(store: Store) -> dict[str, Pages]:
    """The pages of each kind of sealed rows, by id."""
    return {
        "connections": lambda after: store.connections(after=after, limit=PAGE),
        "workflows": lambda after: store.workflows(after=after, limit=PAGE),
        "runs": lambda after: store.runs_by_id(after=after, limit=PAGE),
    }


def _silent(kind: str, count: int) -> None:
    """The default callback: reports nothing."""


class _Rotation:
    def __init__(self, store: Store, ring: KeyRing, on_progress: OnProgress) -> None:
        self._store, self._ring, self._on_progress = store, ring, on_progress
        self._vault = Vault(store, ring)
        self.done = Rotated()

    async def walk(self, kind: str, pages: Pages, reseal: Callable[[Any], Awaitable[bool]]) -> None:
        resealed, unreadable, count = 0, [], 0
        async for rows in _paged(pages):
            for row in rows:
                try:
                    resealed += await reseal(row)
                except Unreadable:
                    unreadable.append(row.id)
            count += len(rows)
            self._on_progress(kind, count)
        self.done.resealed[kind], self.done.unreadable[kind] = resealed, unreadable

    async def connection(self, row: Connection) -> bool:
        return await self._vault.reseal(row.id)

    async def body(self, row: WorkflowRow | RunRow) -> bool:
        """Any other change of the row reencrypts it as well: then there is nothing to do."""
        if self._ring.is_current(row.body):
            return False
        return await self._store.reseal(row, self._ring.seal(self._ring.unseal(row.body, row.context), row.context))


async def _paged(pages: Callable[[str], Awaitable[list[T]]]) -> AsyncIterator[list[T]]:
    after = ""
    while rows := await pages(after):
        yield rows
        after = rows[-1].id
