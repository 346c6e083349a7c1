"""Accepting an event from outside: back only when its row is on disk.

Requests that arrive while a group is being written wait together and become the next group: one INSERT, one flush. A
thread per process does it, on a database connection of its own (so nothing here is seen by a TestCase's transaction).
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
# Seconds that a committer waits for more once there is one: what a group costs is shared by all in it.
GATHER = 0.001
# More than this many waiting means the database does not keep up: saying so at once beats saying so late.
WAITING_LIMIT = 2_000
# Seconds. A vendor gives up after 5; the answer "not now" must come well before that.
PATIENCE = 1.6
# Seconds after which a committer that does not come back from the database is given up for another.
STUCK_AFTER = 2.0


class Unavailable(Exception):
    """The event could not be made durable now: the sender must try again."""


class Refused(ValueError):
    """The database will never take this event: it holds what a column cannot."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it arrives. `payload` is the raw body; `mailbox` names the thing it is about."""

    source: str
    event_id: str
    kind: str
    mailbox: str
    payload: bytes = field(repr=False)
    client_id: UUID | None = None


class Waiting:
    """A row and whoever waits for its outcome. A bare lock, because a Future takes three where one will do."""

    __slots__ = ("_answered", "error", "given_up", "outcome", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.outcome: Outcome = "duplicate"
        self.error: Exception | None = None
        self.given_up = False
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self, outcome: Outcome) -> None:
        """The row is on disk, since now or since before."""
        self.outcome = outcome
        self._answered.release()

    def fail(self, error: Exception) -> None:
        """The row could not be stored."""
        self.error = error
        self._answered.release()

    def result(self, seconds: float) -> Outcome:
        """The outcome, waited for at most so long. Raises Unavailable or Refused."""
        if not self._answered.acquire(timeout=seconds):
            # Whoever is told to come again must not pile up here meanwhile.
            self.given_up = True
            raise Unavailable("the database did not answer in time")
        if self.error:
            raise self.error
        return self.outcome


def accept(incoming: Incoming) -> Outcome:
    """Store the event durably, once. Raises Unavailable within two seconds, or Refused."""
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
    """Gathers waiting rows into groups and commits each group with one statement."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Waiting] = []
        self._thread: threading.Thread | None = None
        self._busy_since: float | None = None

    def submit(self, row: Row) -> Waiting:
        """Have the row stored soon. Raises Unavailable when too many wait already."""
        waiting = Waiting(row)
        with self._changed:
            if len(self._waiting) >= WAITING_LIMIT:
                raise Unavailable("too many events wait for the database")
            self._waiting.append(waiting)
            self._keep_alive()
            self._changed.notify()
        return waiting

    def _keep_alive(self) -> None:
        # Started at first use, never at import: threads do not survive a fork.
        stuck = self._busy_since is not None and time.monotonic() - self._busy_since > STUCK_AFTER
        if self._thread is None or not self._thread.is_alive() or stuck:
            self._busy_since = None
            self._thread = threading.Thread(target=self._run, name="event-committer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        session = _Session()
        try:
            while (group := self._next_group()) is not None:
                _settle(group, session)
                self._busy_since = None
        finally:
            session.close()

    def _next_group(self) -> list[Waiting] | None:
        """The rows that wait, once there are any; None for a committer that was given up for another."""
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
        return [waiting for waiting in group if not waiting.given_up]


class _Session:
    """A committer's database connection, and the row of the books that it alone counts in."""

    def __init__(self) -> None:
        self._slot = secrets.randbits(62)
        self._fresh = True

    def store(self, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """The keys of the rows that were new. A connection that died while idle is replaced once."""
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
        # Django's connections belong to a thread: this one is the committer's.
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


def _settle(group: list[Waiting], session: _Session) -> None:
    """Commit a group and answer everybody in it, whatever happens."""
    if not group:
        return
    try:
        stored = session.store([waiting.row for waiting in group])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        _settle_one_by_one(group, session, error)
    except (psycopg.Error, DjangoDatabaseError, OSError) as error:
        logger.warning("Events could not be stored: %s", type(error).__name__)
        session.close()
        _fail(group, Unavailable("the database is not available"))
    except BaseException as error:  # a committer must never die with somebody waiting
        _fail(group, Unavailable("the event could not be stored"))
        logger.exception("The committer failed: %s", type(error).__name__)
        session.close()
    else:
        _answer(group, stored)


def _settle_one_by_one(group: list[Waiting], session: _Session, error: psycopg.Error) -> None:
    """One bad row must not fail its neighbours."""
    if len(group) == 1:
        _fail(group, Refused(f"the event cannot be stored: {type(error).__name__}"))
        return
    for waiting in group:
        _settle([waiting], session)


def _answer(group: list[Waiting], stored: set[tuple[str, str]]) -> None:
    for waiting in group:
        # The same event twice in one group: the first is new, the second is not.
        waiting.answer("accepted" if waiting.row.key in stored else "duplicate")
        stored.discard(waiting.row.key)


def _fail(group: list[Waiting], error: Exception) -> None:
    for waiting in group:
        waiting.fail(error)


_committer = Committer()


def _start_afresh() -> None:
    global _committer  # noqa: PLW0603 - a forked child has neither its parent's thread nor its connection
    _committer = Committer()


os.register_at_fork(after_in_child=_start_afresh)


def accept_here(row: Row) -> Outcome:
    """Store one row inside the caller's own transaction, and ring when it commits."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(STORE, store_parameters([row], secrets.randbits(62)))
    if cursor.fetchone() is None:
        return "duplicate"
    transaction.on_commit(bell.ring_soon)
    return "accepted"
