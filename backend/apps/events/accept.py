"""Accepting an event from outside: `accept` returns only after the event is committed.

Requests that arrive while a group is being written become the next group: one INSERT, one flush to disk. One thread per
process writes the groups, over a database connection of its own (so a TestCase's transaction does not see them).
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.db.utils import Error as DjangoDatabaseError

from apps.events import bell
from apps.events.store import STORE, Row, make_row, store_parameters

logger = logging.getLogger(__name__)

Outcome = Literal["accepted", "duplicate"]

GROUP_LIMIT = 256
# Seconds that a committer waits for more rows after the first: all rows of a group share its cost.
GATHER = 0.001
# If more rows than this wait, the database does not keep up, and further events are refused at once.
WAITING_LIMIT = 2_000
# Seconds until `accept` gives up. A vendor gives up after 5, and must get our 503 well before that.
PATIENCE = 1.6
# Seconds after which a new committer replaces one that hangs in the database.
STUCK_AFTER = 2.0


class Unavailable(Exception):
    """The event was not committed in time: the sender must retry."""


class Refused(ValueError):
    """The database refuses the content of this event: a retry cannot help."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it arrives. `payload` is the raw body; `mailbox` names the thing that the event is about."""

    source: str
    event_id: str
    kind: str
    mailbox: str
    payload: bytes = field(repr=False)
    client_id: UUID | None = None


class Submission:
    """A row on its way into the database, and its outcome. One lock, where a Future would take three."""

    __slots__ = ("_answered", "abandoned", "error", "outcome", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.outcome: Outcome = "duplicate"
        self.error: Exception | None = None
        self.abandoned = False
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self, outcome: Outcome) -> None:
        """The row is committed, by this group or earlier."""
        self.outcome = outcome
        self._answered.release()

    def fail(self, error: Exception) -> None:
        """The row was not stored."""
        self.error = error
        self._answered.release()

    def result(self, seconds: float) -> Outcome:
        """Wait at most `seconds` for the outcome. Raises Unavailable or Refused."""
        if not self._answered.acquire(timeout=seconds):
            # The sender will retry, so the committer need not store this row.
            self.abandoned = True
            raise Unavailable("the database did not answer in time")
        if self.error:
            raise self.error
        return self.outcome


def accept(incoming: Incoming) -> Outcome:
    """Commit the event, once. Raises Unavailable within two seconds, or Refused."""
    row = make_row(
        incoming.source,
        incoming.event_id,
        incoming.kind,
        incoming.mailbox,
        incoming.payload,
        client_id=incoming.client_id,
    )
    outcome = _committer.submit(row).result(PATIENCE)
    if outcome == "accepted":
        bell.ring_soon()
    return outcome


class Committer:
    """Collects submitted rows into groups and commits each group with one statement."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Submission] = []
        self._thread: threading.Thread | None = None
        self._busy_since: float | None = None

    def submit(self, row: Row) -> Submission:
        """Add the row to the next group. Raises Unavailable if too many rows wait already."""
        submission = Submission(row)
        with self._changed:
            if len(self._waiting) >= WAITING_LIMIT:
                raise Unavailable("too many events wait for the database")
            self._waiting.append(submission)
            self._keep_alive()
            self._changed.notify()
        return submission

    def _keep_alive(self) -> None:
        # The thread starts at the first use, never at import, because threads do not survive a fork.
        # Read the attribute once, because the committer's thread may set it to None at any moment.
        busy_since = self._busy_since
        stuck = busy_since is not None and time.monotonic() - busy_since > STUCK_AFTER
        if self._thread is None or not self._thread.is_alive() or stuck:
            self._busy_since = None
            self._thread = threading.Thread(target=self._run, name="event-committer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        session = _Session()
        try:
            while (group := self._next_group()) is not None:
                _commit(group, session)
                self._busy_since = None
        finally:
            session.close()

    def _next_group(self) -> list[Submission] | None:
        """Wait for rows and return them; None if another thread has replaced this one."""
        me = threading.current_thread()
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._thread is not me)
        time.sleep(GATHER)
        with self._changed:
            if self._thread is not me:
                self._changed.notify()
                return None
            group, self._waiting = self._waiting[:GROUP_LIMIT], self._waiting[GROUP_LIMIT:]
            self._busy_since = time.monotonic()
        return [submission for submission in group if not submission.abandoned]


class _Session:
    """A committer's database connection, and the tally row that only this committer updates."""

    def __init__(self) -> None:
        self._slot = secrets.randbits(62)
        self._fresh = True

    def store(self, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """Store the rows and return the keys of the new ones. Replaces a connection that died while idle, once."""
        try:
            return self._store(rows)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            was_fresh = self._fresh
            self.close()
            if was_fresh:
                raise
        return self._store(rows)

    def _store(self, rows: Sequence[Row]) -> set[tuple[str, str]]:
        cursor = psycopg.Cursor(self._connection())
        cursor.execute(STORE, store_parameters(rows, self._slot), prepare=True)
        self._fresh = False
        return {(source, event_id) for source, event_id in cursor.fetchall()}

    def _connection(self) -> psycopg.Connection[tuple[str, str]]:
        # Django keeps one connection per thread: this one belongs to the committer.
        if connection.connection is None:
            connection.ensure_connection()
            self._fresh = True
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '1500ms'")
        live: psycopg.Connection[tuple[str, str]] = connection.connection
        return live

    def close(self) -> None:
        connection.close()
        self._fresh = True


def _commit(group: list[Submission], session: _Session) -> None:
    """Commit a group and answer each submission in it, whatever happens."""
    if not group:
        return
    try:
        stored = session.store([submission.row for submission in group])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        _commit_one_by_one(group, session, error)
    except (psycopg.Error, DjangoDatabaseError, OSError) as error:
        logger.warning(
            "Events could not be stored (%s). Their senders get 503 and retry; check PostgreSQL.", type(error).__name__
        )
        session.close()
        _fail(group, Unavailable("the database is not available"))
    except BaseException as error:  # no submission may wait for a committer that has died
        _fail(group, Unavailable("the event could not be stored"))
        logger.exception("The committer failed: %s", type(error).__name__)
        session.close()
    else:
        _answer(group, stored)


def _commit_one_by_one(group: list[Submission], session: _Session, error: psycopg.Error) -> None:
    """One bad row must not fail the other rows of its group."""
    if len(group) == 1:
        _fail(group, Refused(f"the event cannot be stored: {type(error).__name__}"))
        return
    for submission in group:
        _commit([submission], session)


def _answer(group: list[Submission], stored: set[tuple[str, str]]) -> None:
    for submission in group:
        # If a group holds the same event twice, the first is accepted and the second is a duplicate.
        submission.answer("accepted" if submission.row.key in stored else "duplicate")
        stored.discard(submission.row.key)


def _fail(group: list[Submission], error: Exception) -> None:
    for submission in group:
        submission.fail(error)


_committer = Committer()


def _replace_after_fork() -> None:
    global _committer  # noqa: PLW0603 - a forked child has neither the thread nor the connection of its parent
    _committer = Committer()


os.register_at_fork(after_in_child=_replace_after_fork)


def accept_here(row: Row) -> Outcome:
    """Store one row in the caller's transaction, and ring when it commits."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(STORE, store_parameters([row], secrets.randbits(62)))
    if cursor.fetchone() is None:
        return "duplicate"
    transaction.on_commit(bell.ring_soon)
    return "accepted"
