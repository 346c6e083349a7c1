"""A store in memory, for tests, scripts and experiments. Everything is lost when the process ends."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest, nsmallest
from typing import Any, TypeVar

from plugfn.connection import Connection, ConnectionStatus
from plugfn.storage.records import UNFINISHED_RUNS, ActionLog, RunRow, WorkflowRow

T = TypeVar("T")

MOST_LOGS = 10_000
SWEEP_AT_LEAST = 1024


def fits(row: Any, wanted: dict[str, Any]) -> bool:
    """Whether the row has every wanted value that is not None."""
    return all(value is None or getattr(row, name) == value for name, value in wanted.items())


def page(rows: Iterable[T], wanted: dict[str, Any], after: str, limit: int, key: Callable[[T], str]) -> list[T]:
    """The first `limit` matching rows by id, after the id `after`."""
    matching = [row for row in rows if fits(row, wanted) and key(row) > after]
    return sorted(matching, key=key)[: max(limit, 0)]


class MemoryShortLived:
    """Small values with a lifetime. Expired values are removed as new ones come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._sweep_at = SWEEP_AT_LEAST

    def _live(self, place: tuple[str, str]) -> bytes | None:
        value, expires = self._values.get(place, (b"", 0.0))
        return value if expires > time.time() else None

    def _sweep(self) -> int:
        now = time.time()
        expired = [place for place, (_, expires) in self._values.items() if expires <= now]
        for place in expired:
            del self._values[place]
        self._sweep_at = max(SWEEP_AT_LEAST, 2 * len(self._values))
        return len(expired)

    def _write(self, place: tuple[str, str], value: bytes, ttl: float) -> None:
        if len(self._values) >= self._sweep_at:
            self._sweep()
        self._values[place] = (value, time.time() + ttl)

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """See Store."""
        with self._lock:
            live = self._live((kind, key))
            if live is None:
                self._write((kind, key), value, ttl)
            return live

    async def put(self, kind: str, key: str, value: bytes, ttl: float) -> None:
        """See Store."""
        with self._lock:
            self._write((kind, key), value, ttl)

    async def peek(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        with self._lock:
            return self._live((kind, key))

    async def take(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        with self._lock:
            live = self._live((kind, key))
            self._values.pop((kind, key), None)
            return live

    async def purge(self) -> int:
        """See Store."""
        with self._lock:
            return self._sweep()


class MemoryConnections:
    """Connections and their encrypted credentials."""

    def __init__(self) -> None:
        self._connections_lock = threading.Lock()
        self._connections: dict[str, tuple[Connection, bytes]] = {}

    async def add_connection(self, connection: Connection, sealed: bytes) -> None:
        """See Store."""
        with self._connections_lock:
            if connection.id in self._connections:
                raise ValueError("a connection with this id already exists")
            self._connections[connection.id] = (connection, sealed)

    async def connection(self, connection_id: str) -> Connection | None:
        """See Store."""
        with self._connections_lock:
            stored = self._connections.get(connection_id)
            return stored[0] if stored else None

    async def connections(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        accounts: Sequence[str] | None = None,
        status: ConnectionStatus | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[Connection]:
        """See Store."""
        wanted = {"user_id": user_id, "provider": provider, "status": status}
        with self._connections_lock:
            rows = [row for row, _ in self._connections.values() if accounts is None or row.account in accounts]
        return page(rows, wanted, after, limit, lambda row: row.id)

    async def update_connection(
        self, connection: Connection, sealed: bytes | None = None, *, read_at: datetime | None = None
    ) -> bool:
        """See Store."""
        with self._connections_lock:
            stored = self._connections.get(connection.id)
            if stored is None or read_at not in (None, stored[0].updated_at):
                return False
            row = replace(connection, last_used_at=stored[0].last_used_at)
            self._connections[connection.id] = (row, stored[1] if sealed is None else sealed)
            return True

    async def touch_connection(self, connection_id: str, used_at: datetime) -> None:
        """See Store."""
        with self._connections_lock:
            stored = self._connections.get(connection_id)
            if stored is not None:
                self._connections[connection_id] = (replace(stored[0], last_used_at=used_at), stored[1])

    async def delete_connection(self, connection_id: str) -> bool:
        """See Store."""
        with self._connections_lock:
            return self._connections.pop(connection_id, None) is not None

    async def with_credentials(self, connection_id: str) -> tuple[Connection, bytes] | None:
        """See Store."""
        with self._connections_lock:
            return self._connections.get(connection_id)


class MemoryActionLogs:
    """The newest MOST_LOGS attempts, in the order in which they ended."""

    def __init__(self, most: int = MOST_LOGS) -> None:
        self._logs_lock = threading.Lock()
        self._logs: deque[ActionLog] = deque(maxlen=most)

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """See Store."""
        with self._logs_lock:
            self._logs.extend(entries)

    async def logs(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        connection_id: str | None = None,
        call_id: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[ActionLog]:
        """See Store."""
        wanted = {"user_id": user_id, "provider": provider, "connection_id": connection_id, "call_id": call_id}
        with self._logs_lock:
            rows = list(enumerate(self._logs))
        matching = [(row.started_at, at, row) for at, row in rows if fits(row, wanted)]
        newest = nlargest(max(limit, 0), (entry for entry in matching if since is None or entry[0] >= since))
        return [row for _, _, row in newest]

    async def purge_logs(self, before: datetime) -> int:
        """See Store."""
        with self._logs_lock:
            remaining = [row for row in self._logs if row.started_at >= before]
            removed = len(self._logs) - len(remaining)
            self._logs.clear()
            self._logs.extend(remaining)
            return removed


class MemoryWorkflows:
    """Workflows and their runs."""

    def __init__(self) -> None:
        self._workflows_lock = threading.Lock()
        self._workflows: dict[str, WorkflowRow] = {}
        self._runs: dict[str, RunRow] = {}
        self._occurrences: set[tuple[str, str]] = set()

    async def add_workflow(self, row: WorkflowRow) -> None:
        """See Store."""
        with self._workflows_lock:
            if row.id in self._workflows:
                raise ValueError("a workflow with this id already exists")
            self._workflows[row.id] = row

    async def update_workflow(self, row: WorkflowRow) -> bool:
        """See Store."""
        with self._workflows_lock:
            return _replace_version(self._workflows, row)

    async def workflow(self, workflow_id: str) -> WorkflowRow | None:
        """See Store."""
        with self._workflows_lock:
            return self._workflows.get(workflow_id)

    async def workflows(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        event: str | None = None,
        status: str | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[WorkflowRow]:
        """See Store."""
        wanted = {"user_id": user_id, "provider": provider, "event": event, "status": status}
        with self._workflows_lock:
            rows = list(self._workflows.values())
        return page(rows, wanted, after, limit, lambda row: row.id)

    async def delete_workflow(self, workflow_id: str) -> bool:
        """See Store."""
        with self._workflows_lock:
            self._delete_runs(lambda run: run.workflow_id == workflow_id)
            return self._workflows.pop(workflow_id, None) is not None

    def _delete_runs(self, should_go: Callable[[RunRow], bool]) -> int:
        removed = [run for run in self._runs.values() if should_go(run)]
        for run in removed:
            del self._runs[run.id]
            self._occurrences.discard((run.workflow_id, run.occurrence))
        return len(removed)

    async def add_run(self, row: RunRow) -> bool:
        """See Store."""
        with self._workflows_lock:
            occurrence = (row.workflow_id, row.occurrence)
            if occurrence in self._occurrences or row.workflow_id not in self._workflows:
                return False
            self._occurrences.add(occurrence)
            self._runs[row.id] = row
            return True

    async def update_run(self, row: RunRow) -> bool:
        """See Store."""
        with self._workflows_lock:
            return _replace_version(self._runs, row)

    async def run(self, run_id: str) -> RunRow | None:
        """See Store."""
        with self._workflows_lock:
            return self._runs.get(run_id)

    async def runs(
        self,
        *,
        workflow_id: str | None = None,
        user_id: str | None = None,
        status: str | None = None,
        root_run: str | None = None,
        before: RunRow | None = None,
        limit: int = 100,
    ) -> list[RunRow]:
        """See Store."""
        wanted = {"workflow_id": workflow_id, "user_id": user_id, "status": status, "root_run": root_run}
        with self._workflows_lock:
            matching = [run for run in self._runs.values() if fits(run, wanted)]
        older = [run for run in matching if before is None or _by_creation(run) < _by_creation(before)]
        return nlargest(max(limit, 0), older, key=_by_creation)

    async def reseal(self, row: WorkflowRow | RunRow, body: bytes) -> bool:
        """See Store."""
        rows: dict[str, Any] = self._workflows if isinstance(row, WorkflowRow) else self._runs
        with self._workflows_lock:
            stored = rows.get(row.id)
            if stored is None or stored.body != row.body:
                return False
            rows[row.id] = replace(stored, body=body)
            return True

    async def runs_by_id(self, *, after: str = "", limit: int = 1000) -> list[RunRow]:
        """See Store."""
        with self._workflows_lock:
            rows = list(self._runs.values())
        return page(rows, {}, after, limit, lambda row: row.id)

    async def stale_runs(
        self, status: str, before: datetime, *, after: RunRow | None = None, limit: int = 100
    ) -> list[RunRow]:
        """See Store."""
        with self._workflows_lock:
            stale = [run for run in self._runs.values() if run.status == status and run.updated_at < before]
        rest = [run for run in stale if after is None or _by_update(run) > _by_update(after)]
        return nsmallest(max(limit, 0), rest, key=_by_update)

    async def purge_runs(self, before: datetime) -> int:
        """See Store."""
        with self._workflows_lock:
            return self._delete_runs(lambda run: run.status not in UNFINISHED_RUNS and run.updated_at < before)


def _by_creation(run: RunRow) -> tuple[datetime, str]:
    return run.created_at, run.id


def _by_update(run: RunRow) -> tuple[datetime, str]:
    return run.updated_at, run.id


R = TypeVar("R", WorkflowRow, RunRow)


def _replace_version(rows: dict[str, R], row: R) -> bool:
    stored = rows.get(row.id)
    if stored is None or stored.version != row.version - 1:
        return False
    rows[row.id] = row
    return True


class MemoryStore(MemoryConnections, MemoryShortLived, MemoryActionLogs, MemoryWorkflows):
    """The whole store. It may be used from several threads and event loops."""

    def __init__(self) -> None:
        MemoryConnections.__init__(self)
        MemoryShortLived.__init__(self)
        MemoryActionLogs.__init__(self)
        MemoryWorkflows.__init__(self)

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do: the data stays as long as the object."""
