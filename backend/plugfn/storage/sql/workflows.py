"""Workflows and their runs, in SQL."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from plugfn.storage.records import UNFINISHED_RUNS, RunRow, WorkflowRow
from plugfn.storage.sql.connections import filtered
from plugfn.storage.sql.database import Database
from plugfn.storage.sql.tables import runs, workflows


class SqlWorkflows(Database):
    """See plugfn.storage.protocol.Workflows."""

    async def add_workflow(self, row: WorkflowRow) -> None:
        """See Store."""
        try:
            await self.execute(self.insert(workflows).values(**asdict(row)))
        except IntegrityError:
            raise ValueError("a workflow with this id already exists") from None

    async def update_workflow(self, row: WorkflowRow) -> bool:
        """See Store."""
        return await self._replace_version(workflows, row)

    async def _replace_version(self, table: Table, row: WorkflowRow | RunRow) -> bool:
        before = (table.c.id == row.id) & (table.c.version == row.version - 1)
        return bool((await self.execute(update(table).where(before).values(**asdict(row)))).changed)

    async def workflow(self, workflow_id: str) -> WorkflowRow | None:
        """See Store."""
        rows = (await self.execute(select(workflows).where(workflows.c.id == workflow_id))).rows
        return _workflow(rows[0]) if rows else None

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
        query = filtered(workflows, select(workflows), wanted).where(workflows.c.id > after)
        result = await self.execute(query.order_by(workflows.c.id).limit(max(limit, 0)))
        return [_workflow(row) for row in result.rows]

    async def delete_workflow(self, workflow_id: str) -> bool:
        """See Store."""
        return bool((await self.execute(delete(workflows).where(workflows.c.id == workflow_id))).changed)

    async def add_run(self, row: RunRow) -> bool:
        """See Store."""
        statement = self.insert(runs).values(**asdict(row))
        unless_there = statement.on_conflict_do_nothing(index_elements=[runs.c.workflow_id, runs.c.occurrence])
        try:
            return bool((await self.execute(unless_there.returning(runs.c.id))).rows)
        except IntegrityError:
            # The workflow is gone. (Or another run has this id, which random ids rule out.)
            return False

    async def update_run(self, row: RunRow) -> bool:
        """See Store."""
        return await self._replace_version(runs, row)

    async def run(self, run_id: str) -> RunRow | None:
        """See Store."""
        rows = (await self.execute(select(runs).where(runs.c.id == run_id))).rows
        return _run(rows[0]) if rows else None

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
        query = filtered(runs, select(runs), wanted)
        if before is not None:
            same = (runs.c.created_at == before.created_at) & (runs.c.id < before.id)
            # The first condition alone lets an index find the start.
            query = query.where(runs.c.created_at <= before.created_at, (runs.c.created_at < before.created_at) | same)
        newest = query.order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(max(limit, 0))
        return [_run(row) for row in (await self.execute(newest)).rows]

    async def reseal(self, row: WorkflowRow | RunRow, body: bytes) -> bool:
        """See Store."""
        table = workflows if isinstance(row, WorkflowRow) else runs
        unchanged = (table.c.id == row.id) & (table.c.body == row.body)
        return bool((await self.execute(update(table).where(unchanged).values(body=body))).changed)

    async def runs_by_id(self, *, after: str = "", limit: int = 1000) -> list[RunRow]:
        """See Store."""
        query = select(runs).where(runs.c.id > after).order_by(runs.c.id).limit(max(limit, 0))
        return [_run(row) for row in (await self.execute(query)).rows]

    async def stale_runs(
        self, status: str, before: datetime, *, after: RunRow | None = None, limit: int = 100
    ) -> list[RunRow]:
        """See Store."""
        query = select(runs).where(runs.c.status == status, runs.c.updated_at < before)
        if after is not None:
            same = (runs.c.updated_at == after.updated_at) & (runs.c.id > after.id)
            query = query.where(runs.c.updated_at >= after.updated_at, (runs.c.updated_at > after.updated_at) | same)
        longest = query.order_by(runs.c.updated_at, runs.c.id).limit(max(limit, 0))
        return [_run(row) for row in (await self.execute(longest)).rows]

    async def purge_runs(self, before: datetime) -> int:
        """See Store."""
        finished = runs.c.status.not_in(sorted(UNFINISHED_RUNS)) & (runs.c.updated_at < before)
        return await self.delete_all(runs, finished)


def _workflow(row: Row[Any]) -> WorkflowRow:
    return WorkflowRow(**dict(row._mapping) | {"body": bytes(row.body)})


def _run(row: Row[Any]) -> RunRow:
    return RunRow(**dict(row._mapping) | {"body": bytes(row.body)})
