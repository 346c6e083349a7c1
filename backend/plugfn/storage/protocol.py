"""What a store must do. Adapters: memory, SQLAlchemy. `plugfn.testing.store_contract` is the suite each must pass.

Every method is atomic on its own. Times are aware; ids are text of at most 64 characters, user ids of at most 255. Ids
are new when they are added: adding one twice is an error of the program (ValueError). A limit below 1 gives nothing.
A store that cannot be reached raises Unavailable (code "store").
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from plugfn.connection import Connection, ConnectionStatus
from plugfn.storage.records import ActionLog, RunRow, WorkflowRow


class Connections(Protocol):
    """Connections, and their credentials as sealed bytes."""

    async def add_connection(self, connection: Connection, sealed: bytes) -> None:
        """Store a new one."""
        ...

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id, whoever's it is: the caller checks."""
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
        """Those that match everything given, by id, from after the id `after`. `accounts`: those of any of them."""
        ...

    async def update_connection(
        self, connection: Connection, sealed: bytes | None = None, *, read_at: datetime | None = None
    ) -> bool:
        """Write all of it but last_used_at (and new credentials with it, in one go).

        With `read_at`, only if its stored updated_at is still that. False when it was not written, or is gone."""
        ...

    async def touch_connection(self, connection_id: str, used_at: datetime) -> None:
        """Note that it was used."""
        ...

    async def delete_connection(self, connection_id: str) -> bool:
        """With its credentials. False when there was none."""
        ...

    async def with_credentials(self, connection_id: str) -> tuple[Connection, bytes] | None:
        """The connection of this id, and its credentials as they were stored: both of one moment."""
        ...


class ShortLived(Protocol):
    """Small values that live for a while: OAuth states, idempotency keys, the ids of deliveries."""

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """Store for `ttl` seconds unless there is a live one: that one is returned, else None. Atomic."""
        ...

    async def put(self, kind: str, key: str, value: bytes, ttl: float) -> None:
        """Store, whatever there is."""
        ...

    async def peek(self, kind: str, key: str) -> bytes | None:
        """The live value."""
        ...

    async def take(self, kind: str, key: str) -> bytes | None:
        """Remove and return the live value: of two who take at once, one gets None."""
        ...

    async def purge(self) -> int:
        """Remove what has expired; how many."""
        ...


class ActionLogs(Protocol):
    """One row for each attempt of each action."""

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """Append."""
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
        """The newest that match everything given, newest first."""
        ...

    async def purge_logs(self, before: datetime) -> int:
        """Remove those started before; how many."""
        ...


class Workflows(Protocol):
    """Workflows and their runs."""

    async def add_workflow(self, row: WorkflowRow) -> None:
        """Store a new one."""
        ...

    async def update_workflow(self, row: WorkflowRow) -> bool:
        """Write it if what is stored has version row.version - 1. False when it is gone or was changed meanwhile."""
        ...

    async def workflow(self, workflow_id: str) -> WorkflowRow | None:
        """The workflow of this id, whoever's it is: the caller checks."""
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
        """Those that match everything given, by id, from after the id `after`."""
        ...

    async def delete_workflow(self, workflow_id: str) -> bool:
        """With its runs. False when there was none."""
        ...

    async def add_run(self, row: RunRow) -> bool:
        """Store a new one; False when its workflow has one with this occurrence already, or is gone."""
        ...

    async def update_run(self, row: RunRow) -> bool:
        """As update_workflow."""
        ...

    async def run(self, run_id: str) -> RunRow | None:
        """The run of this id, whoever's it is: the caller checks."""
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
        """The newest that match everything given, newest first; of one moment by id. `before`: only what follows it."""
        ...

    async def reseal(self, row: WorkflowRow | RunRow, body: bytes) -> bool:
        """Replace the body of a workflow or run whose body is still the row's, its version untouched.

        For the rotation of keys, which nobody at work on it may notice. False when the body has changed."""
        ...

    async def runs_by_id(self, *, after: str = "", limit: int = 1000) -> list[RunRow]:
        """All users', by id, from after the id `after`: for the rotation of keys."""
        ...

    async def stale_runs(
        self, status: str, before: datetime, *, after: RunRow | None = None, limit: int = 100
    ) -> list[RunRow]:
        """Those of a status that were last changed before that moment, the longest untouched first: for recovery.

        `after`: only what follows it."""
        ...

    async def purge_runs(self, before: datetime) -> int:
        """Remove finished ones (by updated_at); how many."""
        ...


class Store(Connections, ShortLived, ActionLogs, Workflows, Protocol):
    """All of it."""

    async def open(self) -> None:
        """Make ready (tables included). Called before first use, and harmless when called again."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...
