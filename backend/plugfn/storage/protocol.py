"""What a store must do. Adapters: memory, SQLAlchemy. `plugfn.testing.store_contract` has the tests for each of them.

Every method is atomic. Times are aware. Ids have at most 64 characters, user ids at most 255. Adding an id that exists
is an error of the program (ValueError). A limit below 1 returns nothing. A store that cannot be reached raises
Unavailable (code "store").
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from plugfn.connection import Connection, ConnectionStatus
from plugfn.storage.records import ActionLog, RunRow, WorkflowRow


class Connections(Protocol):
    """Connections, with their credentials as encrypted bytes."""

    async def add_connection(self, connection: Connection, sealed: bytes) -> None:
        """Store a new connection."""
        ...

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection with this id, of any user: the caller checks the user."""
        ...

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
        """Connections that match every argument, by id, after the id `after`. `accounts`: of any of these accounts."""
        ...

    async def update_connection(
        self, connection: Connection, sealed: bytes | None = None, *, read_at: datetime | None = None
    ) -> bool:
        """Write the connection except last_used_at, and in the same transaction new credentials, if there are any.

        With `read_at`, only if the stored updated_at is still that. False when it was not written, or is gone."""
        ...

    async def touch_connection(self, connection_id: str, used_at: datetime) -> None:
        """Write when the connection was last used."""
        ...

    async def delete_connection(self, connection_id: str) -> bool:
        """Delete a connection with its credentials. False when there was none."""
        ...

    async def with_credentials(self, connection_id: str) -> tuple[Connection, bytes] | None:
        """The connection with this id, and its credentials as stored, read together."""
        ...


class ShortLived(Protocol):
    """Small values with a lifetime: OAuth states, idempotency keys, ids of deliveries."""

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """Store for `ttl` seconds, unless a live value exists: then return that. Returns None when it was stored."""
        ...

    async def put(self, kind: str, key: str, value: bytes, ttl: float) -> None:
        """Store for `ttl` seconds, replacing any value."""
        ...

    async def peek(self, kind: str, key: str) -> bytes | None:
        """The live value, or None."""
        ...

    async def take(self, kind: str, key: str) -> bytes | None:
        """Remove and return the live value: of two simultaneous callers one gets None."""
        ...

    async def purge(self) -> int:
        """Remove expired values; returns how many."""
        ...


class ActionLogs(Protocol):
    """One row for each attempt of each action."""

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """Append rows."""
        ...

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
        """The newest rows that match every argument, newest first."""
        ...

    async def purge_logs(self, before: datetime) -> int:
        """Remove rows that started before `before`; returns how many."""
        ...


class Workflows(Protocol):
    """Workflows and their runs."""

    async def add_workflow(self, row: WorkflowRow) -> None:
        """Store a new workflow."""
        ...

    async def update_workflow(self, row: WorkflowRow) -> bool:
        """Write it if the stored version is row.version - 1. False when it is gone or was changed meanwhile."""
        ...

    async def workflow(self, workflow_id: str) -> WorkflowRow | None:
        """The workflow with this id, of any user: the caller checks the user."""
        ...

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
        """Workflows that match every argument, by id, after the id `after`."""
        ...

    async def delete_workflow(self, workflow_id: str) -> bool:
        """Delete a workflow with its runs. False when there was none."""
        ...

    async def add_run(self, row: RunRow) -> bool:
        """Store a new run. False when its workflow already has a run for this occurrence, or is gone."""
        ...

    async def update_run(self, row: RunRow) -> bool:
        """Write it if the stored version is row.version - 1. False when it is gone or was changed meanwhile."""
        ...

    async def run(self, run_id: str) -> RunRow | None:
        """The run with this id, of any user: the caller checks the user."""
        ...

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
        """The newest runs that match every argument, newest first, then by id. `before`: only runs after this one."""
        ...

    async def reseal(self, row: WorkflowRow | RunRow, body: bytes) -> bool:
        """Replace the body of a workflow or run, if it is still the row's body. The version stays.

        For key rotation, which must not disturb other writers. False when the body has changed."""
        ...

    async def runs_by_id(self, *, after: str = "", limit: int = 1000) -> list[RunRow]:
        """The runs of all users, by id, after the id `after`: for key rotation."""
        ...

    async def stale_runs(
        self, status: str, before: datetime, *, after: RunRow | None = None, limit: int = 100
    ) -> list[RunRow]:
        """Runs of a status that were last changed before `before`, the oldest change first: for recovery.

        `after`: only runs that come after it."""
        ...

    async def purge_runs(self, before: datetime) -> int:
        """Remove finished runs that were last changed before `before`; returns how many."""
        ...


class Store(Connections, ShortLived, ActionLogs, Workflows, Protocol):
    """Everything that PlugFn stores."""

    async def open(self) -> None:
        """Prepare the store (create tables). It is called before first use; calling it again is harmless."""
        ...

    async def close(self) -> None:
        """Close connections to the database."""
        ...
