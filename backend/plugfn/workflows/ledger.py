"""Workflows and runs in the store: sealed, each bound to its row and its user, written only over the version read."""

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
    """What of a workflow is stored sealed."""

    spec: WorkflowSpec
    generation: int = 0
    """Grows with every pause: what was queued before does not start when it is resumed."""
    paused_because: str = ""


@dataclass(frozen=True)
class KeptWorkflow:
    """A workflow as it is stored, opened."""

    row: WorkflowRow
    body: WorkflowBody

    @property
    def active(self) -> bool:
        """Whether events start it."""
        return self.row.status == WorkflowStatus.ACTIVE

    @property
    def shown(self) -> Workflow:
        """As its user sees it."""
        named = {name: getattr(self.row, name) for name in ("id", "user_id", "version", "created_at", "updated_at")}
        return Workflow(
            **named,
            status=WorkflowStatus(self.row.status),
            paused_because=self.body.paused_because,
            spec=self.body.spec,
        )


@dataclass(frozen=True)
class KeptRun:
    """A run as it is stored, opened."""

    row: RunRow
    body: RunBody

    @property
    def shown(self) -> Run:
        """As its user sees it."""
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


def _or_noted(read: Callable[[R], K], row: R) -> K | None:
    try:
        return read(row)
    except Unexpected as error:
        log.error("%s: %s", row.id, error.message)
        return None


class Taken(Exception):
    """Another worker goes on with this run, or it is gone: do nothing more."""


class Ledger:
    """Reads and writes. What is another user's is no such thing."""

    def __init__(self, store: Store, ring: KeyRing, now: Clock) -> None:
        self._store, self._ring, self.now = store, ring, now

    async def add_workflow(self, row: WorkflowRow, body: WorkflowBody) -> KeptWorkflow:
        """Store a new one."""
        kept = KeptWorkflow(replace(row, body=self._seal(row, body)), body)
        await self._store.add_workflow(kept.row)
        return kept

    async def write_workflow(self, row: WorkflowRow, body: WorkflowBody) -> KeptWorkflow:
        """The next version of `row`. Raises InvalidCall (code "conflict") when it was changed meanwhile."""
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
            raise InvalidCall("the workflow was changed meanwhile: read it again", code="conflict")
        return KeptWorkflow(newer, body)

    async def workflow(self, workflow_id: str, user_id: str) -> KeptWorkflow:
        """Raises UnknownName, Unexpected."""
        return self._open_workflow(await self._owned(workflow_id, user_id))

    async def _owned(self, workflow_id: str, user_id: str) -> WorkflowRow:
        row = await self._store.workflow(workflow_id)
        if row is None or row.user_id != user_id:
            raise UnknownName("the user has no such workflow", code="no_workflow")
        return row

    async def delete_workflow(self, workflow_id: str, user_id: str) -> None:
        """Also one that cannot be read any more. Raises UnknownName."""
        await self._store.delete_workflow((await self._owned(workflow_id, user_id)).id)

    async def find_workflow(self, run: RunRow) -> KeptWorkflow | None:
        """A run's workflow as it is now; None when it is gone."""
        row = await self._store.workflow(run.workflow_id)
        return None if row is None or row.user_id != run.user_id else self._open_workflow(row)

    async def workflows(self, user_id: str, after: str, limit: int) -> list[KeptWorkflow]:
        """The user's, by id: as many as asked for, unless there are no more. One that cannot be read hides no other."""
        found: list[KeptWorkflow] = []
        while len(found) < limit:
            size = min(limit - len(found), PAGE)
            rows = await self._store.workflows(user_id=user_id, after=after, limit=size)
            found += [kept for row in rows if (kept := _or_noted(self._open_workflow, row)) is not None]
            if len(rows) < size:
                break
            after = rows[-1].id
        return found

    async def runs(
        self, user_id: str, workflow_id: str | None, root_run: str | None, before: str | None, limit: int
    ) -> list[KeptRun]:
        """The user's, newest first, from after the run `before`: as many as asked for, unless there are no more.

        One that cannot be read hides no other. Raises UnknownName."""
        last = None if before is None else await self._owned_run(before, user_id)
        found: list[KeptRun] = []
        while len(found) < limit:
            size = min(limit - len(found), PAGE)
            rows = await self._store.runs(
                user_id=user_id, workflow_id=workflow_id, root_run=root_run, before=last, limit=size
            )
            found += [kept for row in rows if (kept := _or_noted(self.open_run, row)) is not None]
            if len(rows) < size:
                break
            last = rows[-1]
        return found

    async def listening(self, user_id: str, provider: str, event: str) -> AsyncIterator[KeptWorkflow]:
        """The user's active workflows of an event. One that cannot be read hides no other."""
        after = ""
        while True:
            rows = await self._store.workflows(
                user_id=user_id, provider=provider, event=event, status=WorkflowStatus.ACTIVE, after=after, limit=PAGE
            )
            for row in rows:
                if (kept := _or_noted(self._open_workflow, row)) is not None:
                    yield kept
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    async def add_run(self, row: RunRow, body: RunBody) -> KeptRun | None:
        """Store a new one; None when its workflow has one for this occurrence, or is gone."""
        kept = KeptRun(replace(row, body=self._seal(row, body)), body)
        return kept if await self._store.add_run(kept.row) else None

    async def write_run(self, kept: KeptRun, status: RunStatus) -> KeptRun:
        """The next version, with the body as it is now. Raises Taken."""
        row = replace(
            kept.row,
            status=status,
            version=kept.row.version + 1,
            updated_at=self.now(),
            body=self._seal(kept.row, kept.body),
        )
        if not await self._store.update_run(row):
            raise Taken
        return KeptRun(row, kept.body)

    async def stale(self, status: RunStatus, before: datetime, most: int) -> list[str]:
        """Runs of a status that nobody has written to since, the longest left first. All users'.

        What cannot be read stays where it is for ever, and hides no other."""
        found: list[str] = []
        last: RunRow | None = None
        while len(found) < most:
            rows = await self._store.stale_runs(status, before, after=last, limit=PAGE)
            found += [row.id for row in rows if _or_noted(self.open_run, row) is not None]
            if len(rows) < PAGE:
                break
            last = rows[-1]
        return found[: max(most, 0)]

    async def find_run(self, run_id: str) -> KeptRun | None:
        """Whoever's it is."""
        row = await self._store.run(run_id)
        return None if row is None else self.open_run(row)

    async def run(self, run_id: str, user_id: str) -> KeptRun:
        """Raises UnknownName, Unexpected."""
        return self.open_run(await self._owned_run(run_id, user_id))

    async def _owned_run(self, run_id: str, user_id: str) -> RunRow:
        row = await self._store.run(run_id)
        if row is None or row.user_id != user_id:
            raise UnknownName("the user has no such run", code="no_run")
        return row

    def open_run(self, row: RunRow) -> KeptRun:
        """Raises Unexpected."""
        return KeptRun(row, self._unseal("run", row, RunBody))

    def _open_workflow(self, row: WorkflowRow) -> KeptWorkflow:
        return KeptWorkflow(row, self._unseal("workflow", row, WorkflowBody))

    def _seal(self, row: WorkflowRow | RunRow, body: BaseModel) -> bytes:
        return self._ring.seal(body.model_dump_json().encode(), row.context)

    def _unseal(self, kind: str, row: WorkflowRow | RunRow, model: type[B]) -> B:
        try:
            return model.model_validate_json(self._ring.unseal(row.body, row.context))
        except (Unreadable, ValidationError):
            raise Unexpected(f"the stored {kind} cannot be read", code="unreadable") from None
