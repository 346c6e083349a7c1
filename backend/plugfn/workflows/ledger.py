"""Stores workflows and runs: encrypted, bound to row and user, and written only over the version that was read."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.crypto import KeyRing, Unreadable
from plugfn.errors import InvalidCall, Unexpected, UnknownName
from plugfn.storage.protocol import Store
from plugfn.storage.records import RunRow, WorkflowRow
from plugfn.workflows.model import Run, RunBody, RunStatus, Workflow, WorkflowSpec, WorkflowStatus

log = logging.getLogger("plugfn.workflows")

PAGE = 200

Clock = Callable[[], datetime]
B = TypeVar("B", bound=BaseModel)
R = TypeVar("R", WorkflowRow, RunRow)
K = TypeVar("K")


class WorkflowBody(BaseModel):
    """The encrypted part of a workflow."""

    spec: WorkflowSpec
    generation: int = 0
    """Grows with every pause, so that runs queued before the pause do not start after it."""
    paused_because: str = ""


@dataclass(frozen=True)
class StoredWorkflow:
    """A stored workflow, decrypted."""

    row: WorkflowRow
    body: WorkflowBody

    @property
    def active(self) -> bool:
        """Whether events start it."""
        return self.row.status == WorkflowStatus.ACTIVE

    @property
    def shown(self) -> Workflow:
        """The workflow as its user sees it."""
        columns = {name: getattr(self.row, name) for name in ("id", "user_id", "version", "created_at", "updated_at")}
        return Workflow(
            **columns,
            status=WorkflowStatus(self.row.status),
            paused_because=self.body.paused_because,
            spec=self.body.spec,
        )


@dataclass(frozen=True)
class StoredRun:
    """A stored run, decrypted."""

    row: RunRow
    body: RunBody

    @property
    def shown(self) -> Run:
        """The run as its user sees it."""
        row, body = self.row, self.body
        return Run(
            id=row.id,
            workflow_id=row.workflow_id,
            workflow_version=body.workflow_version,
            user_id=row.user_id,
            status=RunStatus(row.status),
            reason=body.reason,
            source=body.source,
            event=body.event,
            depth=row.depth,
            root_run=row.root_run,
            replay_of=body.replay_of,
            created_at=row.created_at,
            updated_at=row.updated_at,
            trace=body.trace,
            steps=[step.model_copy() for step in body.steps],
        )


def _or_logged(read: Callable[[R], K], row: R) -> K | None:
    try:
        return read(row)
    except Unexpected as error:
        log.error("%s: %s", row.id, error.message)
        return None


class Taken(Exception):
    """Another worker has this run, or it is gone: stop working on it."""


class Ledger:
    """Reads and writes. Another user's workflow or run is reported as not found."""

    def __init__(self, store: Store, ring: KeyRing, now: Clock) -> None:
        self._store, self._ring, self.now = store, ring, now

    async def add_workflow(self, row: WorkflowRow, body: WorkflowBody) -> StoredWorkflow:
        """Store a new workflow."""
        stored = StoredWorkflow(replace(row, body=self._seal(row, body)), body)
        await self._store.add_workflow(stored.row)
        return stored

    async def write_workflow(self, row: WorkflowRow, body: WorkflowBody) -> StoredWorkflow:
        """Write the next version of `row`. Raises InvalidCall (code "conflict") when it was changed meanwhile."""
        newer = replace(
            row,
            version=row.version + 1,
            updated_at=self.now(),
            body=self._seal(row, body),
            name=body.spec.name,
            provider=body.spec.trigger.provider,
            event=body.spec.trigger.event,
        )
        if not await self._store.update_workflow(newer):
            raise InvalidCall("the workflow was changed meanwhile: read it again, then change it", code="conflict")
        return StoredWorkflow(newer, body)

    async def workflow(self, workflow_id: str, user_id: str) -> StoredWorkflow:
        """A user's workflow. Raises UnknownName, Unexpected."""
        return self._open_workflow(await self._owned(workflow_id, user_id))

    async def _owned(self, workflow_id: str, user_id: str) -> WorkflowRow:
        row = await self._store.workflow(workflow_id)
        if row is None or row.user_id != user_id:
            raise UnknownName("the user has no such workflow", code="no_workflow")
        return row

    async def delete_workflow(self, workflow_id: str, user_id: str) -> None:
        """Delete a workflow, even one that can no longer be read. Raises UnknownName."""
        await self._store.delete_workflow((await self._owned(workflow_id, user_id)).id)

    async def find_workflow(self, run: RunRow) -> StoredWorkflow | None:
        """The current version of a run's workflow; None when it is gone."""
        row = await self._store.workflow(run.workflow_id)
        return None if row is None or row.user_id != run.user_id else self._open_workflow(row)

    async def workflows(self, user_id: str, after: str, limit: int) -> list[StoredWorkflow]:
        """The user's workflows, by id: `limit` of them, or all there are. Unreadable ones are logged and left out."""
        workflows: list[StoredWorkflow] = []
        while len(workflows) < limit:
            size = min(limit - len(workflows), PAGE)
            rows = await self._store.workflows(user_id=user_id, after=after, limit=size)
            workflows += [workflow for row in rows if (workflow := _or_logged(self._open_workflow, row)) is not None]
            if len(rows) < size:
                break
            after = rows[-1].id
        return workflows

    async def runs(
        self, user_id: str, workflow_id: str | None, root_run: str | None, before: str | None, limit: int
    ) -> list[StoredRun]:
        """The user's runs, newest first, after the run `before`: `limit` of them, or all that there are.

        Unreadable ones are logged and left out. Raises UnknownName."""
        last = None if before is None else await self._owned_run(before, user_id)
        runs: list[StoredRun] = []
        while len(runs) < limit:
            size = min(limit - len(runs), PAGE)
            rows = await self._store.runs(
                user_id=user_id, workflow_id=workflow_id, root_run=root_run, before=last, limit=size
            )
            runs += [run for row in rows if (run := _or_logged(self.open_run, row)) is not None]
            if len(rows) < size:
                break
            last = rows[-1]
        return runs

    async def listening(self, user_id: str, provider: str, event: str) -> AsyncIterator[StoredWorkflow]:
        """The user's active workflows for an event. Unreadable ones are logged and left out."""
        after = ""
        while True:
            rows = await self._store.workflows(
                user_id=user_id, provider=provider, event=event, status=WorkflowStatus.ACTIVE, after=after, limit=PAGE
            )
            for row in rows:
                if (workflow := _or_logged(self._open_workflow, row)) is not None:
                    yield workflow
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    async def add_run(self, row: RunRow, body: RunBody) -> StoredRun | None:
        """Store a new run; None when its workflow already has a run for this occurrence, or is gone."""
        stored = StoredRun(replace(row, body=self._seal(row, body)), body)
        return stored if await self._store.add_run(stored.row) else None

    async def write_run(self, run: StoredRun, status: RunStatus) -> StoredRun:
        """Write the next version of a run, with its current body. Raises Taken."""
        row = replace(
            run.row,
            status=status,
            version=run.row.version + 1,
            updated_at=self.now(),
            body=self._seal(run.row, run.body),
        )
        if not await self._store.update_run(row):
            raise Taken
        return StoredRun(row, run.body)

    async def stale(self, status: RunStatus, before: datetime, most: int) -> list[str]:
        """The ids of runs of a status that have not been written since `before`, the oldest first, of all users.

        Unreadable runs are logged and left out."""
        ids: list[str] = []
        last: RunRow | None = None
        while len(ids) < most:
            rows = await self._store.stale_runs(status, before, after=last, limit=PAGE)
            ids += [row.id for row in rows if _or_logged(self.open_run, row) is not None]
            if len(rows) < PAGE:
                break
            last = rows[-1]
        return ids[: max(most, 0)]

    async def find_run(self, run_id: str) -> StoredRun | None:
        """A run of any user."""
        row = await self._store.run(run_id)
        return None if row is None else self.open_run(row)

    async def run(self, run_id: str, user_id: str) -> StoredRun:
        """A user's run. Raises UnknownName, Unexpected."""
        return self.open_run(await self._owned_run(run_id, user_id))

    async def _owned_run(self, run_id: str, user_id: str) -> RunRow:
        row = await self._store.run(run_id)
        if row is None or row.user_id != user_id:
            raise UnknownName("the user has no such run", code="no_run")
        return row

    def open_run(self, row: RunRow) -> StoredRun:
        """Decrypt a run. Raises Unexpected."""
        return StoredRun(row, self._unseal("run", row, RunBody))

    def _open_workflow(self, row: WorkflowRow) -> StoredWorkflow:
        return StoredWorkflow(row, self._unseal("workflow", row, WorkflowBody))

    def _seal(self, row: WorkflowRow | RunRow, body: BaseModel) -> bytes:
        return self._ring.seal(body.model_dump_json().encode(), row.context)

    def _unseal(self, kind: str, row: WorkflowRow | RunRow, model: type[B]) -> B:
        try:
            return model.model_validate_json(self._ring.unseal(row.body, row.context))
        except (Unreadable, ValidationError):
            raise Unexpected(f"the stored {kind} cannot be read", code="unreadable") from None
