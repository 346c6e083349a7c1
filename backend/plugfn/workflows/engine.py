"""The workflow engine: what users and programs call.

    event → intake (whose, which workflows, do their conditions hold) → runs → worker (limits, then step by step)

`handle` does both; a program that answers webhooks fast calls `accept` there and `work` elsewhere, and `recover` now
and then. Everything that takes a user's id sees that user's workflows and runs and no others.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from plugfn.connections.checks import check_user
from plugfn.crypto import KeyRing
from plugfn.errors import InvalidCall
from plugfn.inbound import Event
from plugfn.rules.fields import Catalogue, catalogue, revived, samples
from plugfn.storage.protocol import Store
from plugfn.storage.records import WorkflowRow
from plugfn.workflows import checking
from plugfn.workflows.ancestry import Echoes
from plugfn.workflows.checking import Accounts, Registry
from plugfn.workflows.dry_run import rehearse
from plugfn.workflows.intake import UNEXPECTED, Intake, payload_values
from plugfn.workflows.ledger import KeptRun, KeptWorkflow, Ledger, WorkflowBody
from plugfn.workflows.model import (
    DryRun,
    EventRef,
    Run,
    RunBody,
    Source,
    Workflow,
    WorkflowSpec,
    WorkflowStatus,
)
from plugfn.workflows.steps import Checker, Runner
from plugfn.workflows.suppression import Budgets, Suppression, resume, stop
from plugfn.workflows.work import LEASE, Worker

MOST_WORKFLOWS = 200
"""Of one user: each is asked about each event."""

Runs = list[Run]
Listed = list[Workflow]
Names = list[str]


class Actions(Runner, Checker, Protocol):
    """What runs and checks actions: plugfn.calls.executor.Executor."""


def _now() -> datetime:
    return datetime.now(UTC)


class WorkflowEngine:
    """Workflows of all users."""

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        registry: Registry,
        actions: Actions,
        accounts: Accounts,
        budgets: Budgets,
        *,
        now: Callable[[], datetime] = _now,
        lease: timedelta = LEASE,
    ) -> None:
        """`budgets`: the shared state that every process asks (plugfn.cache). `lease`: see recover."""
        self._store, self._registry, self._actions, self._accounts = store, registry, actions, accounts
        self._ledger = Ledger(store, ring, now)
        self._suppression = Suppression(store, self._ledger, budgets)
        echoes = Echoes(store)
        self._intake = Intake(store, self._ledger, registry, accounts, echoes, self._suppression)
        self._worker = Worker(self._ledger, registry, actions, echoes, self._suppression, lease)

    @property
    def counts(self) -> Mapping[str, int]:
        """What became of events in this process: pending, suppressed, failed, duplicate, not_matched."""
        return dict(self._intake.counts)

    def fields(self, provider: str, event: str) -> Catalogue:
        """The fields that conditions and placeholders may name for an event. Raises UnknownName."""
        return checking.event_fields(self._registry, provider, event)

    async def create(self, user_id: str, spec: Mapping[str, Any] | WorkflowSpec) -> Workflow:
        """Store a workflow, active at once. Raises UnknownName, InvalidParams with all that is wrong,

        InvalidCall (code "too_many")."""
        if len(await self._store.workflows(user_id=check_user(user_id), limit=MOST_WORKFLOWS)) >= MOST_WORKFLOWS:
            raise InvalidCall(f"a user has at most {MOST_WORKFLOWS} workflows", code="too_many")
        read = await self._checked(user_id, spec)
        now = self._ledger.now()
        row = WorkflowRow(
            id=uuid4().hex,
            user_id=user_id,
            name=read.name,
            status=WorkflowStatus.ACTIVE,
            provider=read.trigger.provider,
            event=read.trigger.event,
            created_at=now,
            updated_at=now,
            body=b"",
        )
        return (await self._ledger.add_workflow(row, WorkflowBody(spec=read))).shown

    async def _checked(self, user_id: str, spec: Mapping[str, Any] | WorkflowSpec) -> WorkflowSpec:
        read = checking.read(spec)
        checking.check(read, self._registry, await checking.connection_problems(read, user_id, self._accounts))
        return read

    async def update(
        self, workflow_id: str, user_id: str, spec: Mapping[str, Any] | WorkflowSpec, version: int | None = None
    ) -> Workflow:
        """A new version; runs that have begun keep theirs. `version`: the one that was read, to overwrite no other.

        Raises as create, and InvalidCall (code "conflict")."""
        kept = await self._ledger.workflow(workflow_id, user_id)
        if version is not None and version != kept.row.version:
            raise InvalidCall("the workflow was changed meanwhile: read it again", code="conflict")
        body = kept.body.model_copy(update={"spec": await self._checked(user_id, spec)})
        return (await self._ledger.write_workflow(kept.row, body)).shown

    async def list(self, user_id: str, *, after: str = "", limit: int = 100) -> Listed:
        """The user's, by id, from after the id `after`. Raises InvalidParams for what is no user's id."""
        return [kept.shown for kept in await self._ledger.workflows(check_user(user_id), after, limit)]

    async def get(self, workflow_id: str, user_id: str) -> Workflow:
        """Raises UnknownName."""
        return (await self._ledger.workflow(workflow_id, user_id)).shown

    async def pause(self, workflow_id: str, user_id: str) -> Workflow:
        """Start nothing more, and stop before the next step of what runs."""
        return (await stop(self._ledger, workflow_id, user_id)).shown

    async def resume(self, workflow_id: str, user_id: str) -> Workflow:
        """Let events start it again."""
        return (await resume(self._ledger, await self._ledger.workflow(workflow_id, user_id))).shown

    async def delete(self, workflow_id: str, user_id: str) -> None:
        """With its history; what runs stops before its next step. Raises UnknownName."""
        await self._ledger.delete_workflow(workflow_id, user_id)

    async def accept(self, event: Event) -> Runs:
        """Store the runs that an event starts, pending; nothing is sent. For `work`."""
        return [run.shown for run in await self._intake.accept(event)]

    async def work(self, run_id: str) -> Run | None:
        """Do a pending run. Harmless when it is done or in other hands. Raises TryLater: ask again."""
        run = await self._worker.work(run_id)
        return None if run is None else run.shown

    async def handle(self, event: Event) -> Runs:
        """Accept an event and do its runs, one after the other."""
        return [await self._done(run) for run in await self._intake.accept(event)]

    async def start(self, workflow_id: str, user_id: str, payload: Mapping[str, Any]) -> Run:
        """Run a workflow by hand, with a payload as its event would have. Its conditions do not decide.

        Raises UnknownName, InvalidParams, InvalidCall (code "paused")."""
        workflow = await self._ledger.workflow(workflow_id, user_id)
        return await self._done(await self._intake.start(workflow, payload))

    async def _done(self, run: KeptRun) -> Run:
        done = await self._worker.work(run.row.id)
        return (done or run).shown

    async def run(self, run_id: str, user_id: str) -> Run:
        """Raises UnknownName."""
        return (await self._ledger.run(run_id, user_id)).shown

    async def runs(
        self,
        user_id: str,
        *,
        workflow_id: str | None = None,
        root_run: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> Runs:
        """The user's newest, newest first; with `before`, the id of a run, those that follow that one.

        One that cannot be read is left out; fewer than `limit` are the last. Raises UnknownName: no such run."""
        found = await self._ledger.runs(check_user(user_id), workflow_id, root_run, before, limit)
        return [run.shown for run in found]

    async def retry(self, run_id: str, user_id: str, *, confirm_unknown: bool = False) -> Run:
        """Go on with a run from the step that failed: what succeeded is not repeated.

        A step whose outcome is unknown may be done twice by this: `confirm_unknown` says that somebody looked.
        Raises UnknownName, InvalidCall (codes "not_retriable", "confirm_unknown", "paused", "conflict")."""
        run = await self._ledger.run(run_id, user_id)
        return await self._done(await self._worker.retry(run, confirm_unknown))

    async def replay(self, run_id: str, user_id: str) -> Run:
        """A new run with the event of an earlier one, of the workflow as it is now, all steps included.

        Raises UnknownName, InvalidCall (codes "paused", "other_trigger", "unexpected_payload")."""
        run = await self._ledger.run(run_id, user_id)
        workflow = await self._ledger.workflow(run.row.workflow_id, user_id)
        values = self._stored_values(workflow.body.spec, run)
        return await self._done(await self._intake.replay(workflow, run, values))

    def _stored_values(self, spec: WorkflowSpec, run: KeptRun) -> dict[str, Any]:
        if (spec.trigger.provider, spec.trigger.event) != (run.body.event.provider, run.body.event.name):
            raise InvalidCall("the workflow waits for another event by now", code="other_trigger")
        if run.body.reason == UNEXPECTED:
            raise InvalidCall("the payload of this run's event could not be read", code=UNEXPECTED)
        return revived(run.body.values, self.fields(spec.trigger.provider, spec.trigger.event))

    async def recover(self, limit: int = 100) -> Runs:
        """Do runs that nobody has written to for a lease: their process died. For all users; call it now and then."""
        return [run.shown for run in await self._worker.recover(limit)]

    async def dry_run(
        self,
        user_id: str,
        workflow: str | Mapping[str, Any] | WorkflowSpec,
        *,
        payload: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> DryRun:
        """What a stored workflow (by id) or one that is not stored yet would do. Sends nothing, counts nothing.

        With a payload as its event has, or the event of an earlier run, or made-up values. Raises as create."""
        kept: KeptWorkflow | None = None
        if isinstance(workflow, str):
            kept = await self._ledger.workflow(workflow, user_id)
            spec = kept.body.spec
            checking.check(spec, self._registry)  # providers may have changed since; connections are told apart
        else:
            spec = await self._checked(user_id, workflow)
        values, connection_id = await self._rehearsed(user_id, spec, payload, run_id)
        body = _rehearsal(spec, connection_id)
        blocked = await self._blocked(kept, spec, values)
        return await rehearse(
            body,
            user_id,
            values,
            blocked,
            self._registry,
            self._actions,
            self._accounts,
            self._ledger.now,
            invented=payload is None and run_id is None,
        )

    async def _rehearsed(
        self, user_id: str, spec: WorkflowSpec, payload: Mapping[str, Any] | None, run_id: str | None
    ) -> tuple[dict[str, Any], str | None]:
        """The values to rehearse with, and the connection that their event came from."""
        if payload is not None and run_id is not None:
            raise InvalidCall("give a payload or a run, not both")
        if run_id is not None:
            run = await self._ledger.run(run_id, user_id)
            return self._stored_values(spec, run), run.body.event.connection_id
        model = self._registry.trigger(spec.trigger.provider, spec.trigger.event).payload
        known = catalogue(model)
        if payload is None:
            return samples(known), spec.trigger.connection_id
        return payload_values(model, payload, known), spec.trigger.connection_id

    async def _blocked(self, kept: KeptWorkflow | None, spec: WorkflowSpec, values: dict[str, Any]) -> Names:
        if kept is None:
            return []
        found = [] if kept.active else ["paused"]
        wrong = await checking.connection_problems(spec, kept.row.user_id, self._accounts)
        found += ["connection"] if any(problem.field.startswith("trigger.") for problem in wrong) else []
        return found + await self._suppression.would_limit(kept.row.id, spec, values)


def _rehearsal(spec: WorkflowSpec, connection_id: str | None) -> RunBody:
    event = EventRef(provider=spec.trigger.provider, name=spec.trigger.event, connection_id=connection_id)
    return RunBody(spec=spec, workflow_version=0, generation=0, source=Source.MANUAL, event=event, values={}, steps=[])
