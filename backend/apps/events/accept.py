"""Accepting an event from outside: `accept` returns only after the event is committed.

Requests that arrive while a group is being written become the next group: one INSERT, one flush to disk. One task per
event loop writes the groups, over a database connection of its own (so a TestCase's transaction does not see them).
"""

import asyncio
import atexit
import logging
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection, transaction

from apps.events import bell
from apps.events.store import STORE, Row, make_row, store_parameters
from lib import background_loop
from lib.loop_connection import Live, LoopConnection
from lib.row_security import say_now

logger = logging.getLogger(__name__)

Outcome = Literal["accepted", "duplicate"]

GROUP_LIMIT = 256
# Bytes of payload after which a group is full.
GROUP_BYTES = 1024 * 1024
# Bytes of payload above which a thread encrypts a group, because that would hold the loop.
INLINE_BYTES = 64 * 1024
# Seconds that a committer waits for more rows after the first: all rows of a group share its cost.
GATHER = 0.001
# If more rows or bytes than this wait, the database does not keep up, and further events are refused at once.
WAITING_LIMIT = 2_000
WAITING_BYTES = 64 * 1024 * 1024
# Seconds until `accept` gives up. A vendor gives up after 5, and must get our 503 well before that.
PATIENCE = 1.6


class Unavailable(Exception):
    """The event was not committed in time: the sender must retry."""


class Refused(ValueError):
    """The database refuses the content of this event: a retry cannot help."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it arrives. `payload` is the raw body; `mailbox` names the thing that the event is about.

    `token_member` is set if the sender's proof counts for this membership's items alone.
    """

    source: str
    event_id: str
    kind: str
    mailbox: str
    payload: bytes = field(repr=False)
    client_id: UUID | None = None
    token_member: UUID | None = None


async def accept_in_loop(incoming: Incoming) -> Outcome:
    """Commit the event, once. Raises Unavailable within two seconds, or Refused."""
    row = make_row(
        incoming.source,
        incoming.event_id,
        incoming.kind,
        incoming.mailbox,
        incoming.payload,
        client_id=incoming.client_id,
        token_member=incoming.token_member,
    )
    return await _committer().submit(row)


def accept(incoming: Incoming) -> Outcome:
    """`accept_in_loop`, for code outside of an event loop."""
    return background_loop.run(accept_in_loop(incoming))


class Submission:
    """A row on its way into the database, and its outcome."""

    __slots__ = ("_timer", "outcome", "row")

    def __init__(self, row: Row, loop: asyncio.AbstractEventLoop) -> None:
        self.row = row
        self.outcome: asyncio.Future[Outcome] = loop.create_future()
        self._timer = loop.call_later(PATIENCE, self.fail, Unavailable("the database did not answer in time"))

    def answer(self, outcome: Outcome) -> None:
        """The row is committed, by this group or earlier."""
        self._timer.cancel()
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: Exception) -> None:
        """The row was not stored."""
        self._timer.cancel()
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Committer:
    """Collects submitted rows into groups and commits each group with one statement."""

    def __init__(self) -> None:
        self._waiting: deque[Submission] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.session = _Session()

    def submit(self, row: Row) -> asyncio.Future[Outcome]:
        """Add the row to the next group. Raises Unavailable if too much waits already."""
        if len(self._waiting) >= WAITING_LIMIT or self._bytes >= WAITING_BYTES:
            raise Unavailable("too many events wait for the database")
        loop = asyncio.get_running_loop()
        submission = Submission(row, loop)
        self._waiting.append(submission)
        self._bytes += len(row.payload)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._commit_all())
        return submission.outcome

    async def _commit_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER)
            await _commit(self._next_group(), self.session)

    def _next_group(self) -> list[Submission]:
        """The longest waiting rows. A row whose sender got Unavailable already is not stored."""
        group: list[Submission] = []
        size = 0
        while self._waiting and len(group) < GROUP_LIMIT and size < GROUP_BYTES:
            submission = self._waiting.popleft()
            self._bytes -= len(submission.row.payload)
            if not submission.outcome.done():
                group.append(submission)
                size += len(submission.row.payload)
        return group


class _Session:
    """A committer's database connection, and the tally row that only this committer updates."""

    def __init__(self) -> None:
        self._slot = secrets.randbits(62)
        self.connection = LoopConnection()

    async def store(self, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """Store the rows and return the keys of the new ones. Raises psycopg's errors, within PATIENCE."""
        return await self.connection.use(lambda live: self._store(live, rows), PATIENCE)

    async def _store(self, live: Live, rows: Sequence[Row]) -> set[tuple[str, str]]:
        parameters = await self._parameters(rows)
        cursor = await live.execute(STORE, parameters, prepare=True)
        return set(cast("list[tuple[str, str]]", await cursor.fetchall()))

    async def _parameters(self, rows: Sequence[Row]) -> list[str | int]:
        if sum(len(row.payload) for row in rows) <= INLINE_BYTES:
            return store_parameters(rows, self._slot)
        return await asyncio.to_thread(store_parameters, rows, self._slot)


async def _commit(group: list[Submission], session: _Session) -> None:
    """Commit a group and answer each submission in it, whatever happens."""
    if not group:
        return
    try:
        stored = await session.store([submission.row for submission in group])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        await _commit_one_by_one(group, session, error)
    except (psycopg.Error, OSError) as error:
        logger.warning(
            "Events could not be stored (%s). Their senders get 503 and retry; check PostgreSQL.", type(error).__name__
        )
        _fail(group, Unavailable("the database is not available"))
        await session.connection.close()
    except asyncio.CancelledError:
        _fail(group, Unavailable("the server is shutting down"))
        raise
    except Exception as error:
        _fail(group, Unavailable("the event could not be stored"))
        logger.exception("The committer failed: %s", type(error).__name__)
        await session.connection.close()
    else:
        _answer(group, stored)


async def _commit_one_by_one(group: list[Submission], session: _Session, error: psycopg.Error) -> None:
    """One bad row must not fail the other rows of its group."""
    if len(group) == 1:
        _fail(group, Refused(f"the event cannot be stored: {type(error).__name__}"))
        return
    for submission in group:
        await _commit([submission], session)


def _answer(group: list[Submission], stored: set[tuple[str, str]]) -> None:
    if stored:
        bell.ring_soon()
    for submission in group:
        # If a group holds the same event twice, the first is accepted and the second is a duplicate.
        submission.answer("accepted" if submission.row.key in stored else "duplicate")
        stored.discard(submission.row.key)


def _fail(group: list[Submission], error: Exception) -> None:
    for submission in group:
        submission.fail(error)


_committers: WeakKeyDictionary[asyncio.AbstractEventLoop, Committer] = WeakKeyDictionary()


def _committer() -> Committer:
    """The committer of the running loop."""
    loop = asyncio.get_running_loop()
    if (committer := _committers.get(loop)) is None:
        committer = _committers[loop] = Committer()
    return committer


@atexit.register
def _forget_all() -> None:
    for committer in _committers.values():
        committer.session.connection.forget()


def accept_here(*rows: Row) -> Outcome:
    """Store the rows in the caller's transaction, and ring when it commits: "duplicate" if none of them is new."""
    connection.ensure_connection()
    # Else later statements of the transaction would be for nobody.
    say_now()
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(STORE, store_parameters(rows, secrets.randbits(62)))
    if not cursor.fetchall():
        return "duplicate"
    transaction.on_commit(bell.ring_soon)
    return "accepted"
