"""The workflow engine: its methods are what users and programs call.

    event → intake (users, workflows, conditions) → runs → worker (limits, then step by step)

`handle` does both. A program that must answer webhooks fast calls `accept` when the webhook arrives, `work` elsewhere,
and `recover` every few minutes. Methods with a `user_id` see only that user's workflows and runs.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from plugfn.connections.checks import check_user
from plugfn.crypto import KeyRing
from plugfn.errors import InvalidCall
from plugfn.inbound import Event
from plugfn.rules.fields import Catalogue, catalogue, restored, samples
from plugfn.storage.protocol import Store
from plugfn.storage.records import WorkflowRow
from plugfn.workflows import checking
from plugfn.workflows.ancestry import Echoes
from plugfn.workflows.checking import Accounts, Registry
from plugfn.workflows.dry_run import dry_run
from plugfn.workflows.intake import UNEXPECTED, Intake, payload_values
from plugfn.workflows.ledger import Ledger, StoredRun, StoredWorkflow, WorkflowBody
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
"""The limit for one user, since every event is checked against each workflow."""

Runs = list[Run]
Listed = list[Workflow]
Names = list[str]


class Actions(Runner, Checker, Protocol):
    """Runs and checks actions: plugfn.calls.executor.Executor."""


def _now() -> datetime:
    return datetime.now(UTC)


class WorkflowEngine:
    """The workflows of all users."""

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
        """`budgets`: the limits that all processes share (plugfn.cache). `lease`: see recover."""
        self._store, self._registry, self._actions, self._accounts = store, registry, actions, accounts
        self._ledger = Ledger(store, ring, now)
        self._suppression = Suppression(store, self._ledger, budgets)
        echoes = Echoes(store)
        self._intake = Intake(store, self._ledger, registry, accounts, echoes, self._suppression)
        self._worker = Worker(self._ledger, registry, actions, echoes, self._suppression, lease)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many events had each outcome in this process: pending, suppressed, failed, duplicate, not_matched."""
        return dict(self._intake.counts)

    def fields(self, provider: str, event: str) -> Catalogue:
        """The fields of an event that conditions and placeholders may use. Raises UnknownName."""
        return checking.event_fields(self._registry, provider, event)

    async def create(self, user_id: str, spec: Mapping[str, Any] | WorkflowSpec) -> Workflow:
        """Store a workflow, which is active at once.

        Raises UnknownName, InvalidParams with all problems, InvalidCall (code "too_many")."""
        if len(await self._store.workflows(user_id=check_user(user_id), limit=MOST_WORKFLOWS)) >= MOST_WORKFLOWS:
            raise InvalidCall(f"a user has at most {MOST_WORKFLOWS} workflows", code="too_many")
        checked = await self._checked(user_id, spec)
        now = self._ledger.now()
        row = WorkflowRow(
            id=uuid4().hex,
            user_id=user_id,
            name=checked.name,
            status=WorkflowStatus.ACTIVE,
            provider=checked.trigger.provider,
            event=checked.trigger.event,
            created_at=now,
            updated_at=now,
            body=b"",
        )
        return (await self._ledger.add_workflow(row, WorkflowBody(spec=checked))).shown

    async def _checked(self, user_id: str, spec: Mapping[str, Any] | WorkflowSpec) -> WorkflowSpec:
        parsed = checking.read(spec)
        checking.check(parsed, self._registry, await checking.connection_problems(parsed, user_id, self._accounts))
        return parsed

    async def update(
        self, workflow_id: str, user_id: str, spec: Mapping[str, Any] | WorkflowSpec, version: int | None = None
    ) -> Workflow:
        """Store a new version; started runs keep theirs. `version`: the version that was read, to detect a conflict.

        Raises as create, and InvalidCall (code "conflict")."""
        stored = await self._ledger.workflow(workflow_id, user_id)
        if version is not None and version != stored.row.version:
            raise InvalidCall("the workflow was changed meanwhile: read it again, then change it", code="conflict")
        body = stored.body.model_copy(update={"spec": await self._checked(user_id, spec)})
        return (await self._ledger.write_workflow(stored.row, body)).shown

    async def list(self, user_id: str, *, after: str = "", limit: int = 100) -> Listed:
        """The user's workflows, by id, after the id `after`. Raises InvalidParams when the user id is not valid."""
        return [stored.shown for stored in await self._ledger.workflows(check_user(user_id), after, limit)]

    async def get(self, workflow_id: str, user_id: str) -> Workflow:
        """A workflow. Raises UnknownName."""
        return (await self._ledger.workflow(workflow_id, user_id)).shown

    async def pause(self, workflow_id: str, user_id: str) -> Workflow:
        """Start no more runs, and stop running ones before their next step."""
        return (await stop(self._ledger, workflow_id, user_id)).shown

    async def resume(self, workflow_id: str, user_id: str) -> Workflow:
        """Let events start the workflow again."""
        return (await resume(self._ledger, await self._ledger.workflow(workflow_id, user_id))).shown

    async def delete(self, workflow_id: str, user_id: str) -> None:
        """Delete a workflow with its runs; running ones stop before their next step. Raises UnknownName."""
        await self._ledger.delete_workflow(workflow_id, user_id)

    async def accept(self, event: Event) -> Runs:
        """Store the runs that an event starts, as pending. Sends nothing; `work` does."""
        return [run.shown for run in await self._intake.accept(event)]

    async def work(self, run_id: str) -> Run | None:
        """Execute a pending run. Does nothing when it is finished or another worker has it. Raises TryLater."""
        run = await self._worker.work(run_id)
        return None if run is None else run.shown

    async def handle(self, event: Event) -> Runs:
        """Accept an event and execute its runs, one after the other."""
        return [await self._work_now(run) for run in await self._intake.accept(event)]

    async def start(self, workflow_id: str, user_id: str, payload: Mapping[str, Any]) -> Run:
        """Run a workflow by hand, with a payload like its event's, whether or not its conditions hold.

        Raises UnknownName, InvalidParams, InvalidCall (code "paused")."""
        workflow = await self._ledger.workflow(workflow_id, user_id)
        return await self._work_now(await self._intake.start(workflow, payload))

    async def _work_now(self, run: StoredRun) -> Run:
        done = await self._worker.work(run.row.id)
        return (done or run).shown

    async def run(self, run_id: str, user_id: str) -> Run:
        """A run. Raises UnknownName."""
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
        """The user's newest runs, newest first; with `before`, the id of a run, those that are older than it.

        Runs that cannot be read are left out; fewer than `limit` means that there are no more. Raises UnknownName."""
        runs = await self._ledger.runs(check_user(user_id), workflow_id, root_run, before, limit)
        return [run.shown for run in runs]

    async def retry(self, run_id: str, user_id: str, *, confirm_unknown: bool = False) -> Run:
        """Continue a run from the step that failed. Steps that succeeded are not repeated.

        A step of unknown outcome may then be done twice: pass `confirm_unknown` after you have checked the vendor.
        Raises UnknownName, InvalidCall (codes "not_retriable", "confirm_unknown", "paused", "conflict")."""
        run = await self._ledger.run(run_id, user_id)
        return await self._work_now(await self._worker.retry(run, confirm_unknown))

    async def replay(self, run_id: str, user_id: str) -> Run:
        """A new run with the event of an earlier run: the workflow in its current version, with all steps.

        Raises UnknownName, InvalidCall (codes "paused", "other_trigger", "unexpected_payload")."""
        run = await self._ledger.run(run_id, user_id)
        workflow = await self._ledger.workflow(run.row.workflow_id, user_id)
        values = self._stored_values(workflow.body.spec, run)
        return await self._work_now(await self._intake.replay(workflow, run, values))

    def _stored_values(self, spec: WorkflowSpec, run: StoredRun) -> dict[str, Any]:
        if (spec.trigger.provider, spec.trigger.event) != (run.body.event.provider, run.body.event.name):
            raise InvalidCall("the workflow now has another trigger than this run's event", code="other_trigger")
        if run.body.reason == UNEXPECTED:
            raise InvalidCall("the payload of this run's event could not be read", code=UNEXPECTED)
        return restored(run.body.values, self.fields(spec.trigger.provider, spec.trigger.event))

    async def recover(self, limit: int = 100) -> Runs:
        """Resume runs whose lease has expired, because their process died. For all users; call it from time to time."""
        return [run.shown for run in await self._worker.recover(limit)]

    async def dry_run(
        self,
        user_id: str,
        workflow: str | Mapping[str, Any] | WorkflowSpec,
        *,
        payload: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> DryRun:
        """What a workflow, stored (by id) or not stored yet, would do. Sends nothing and counts nothing.

        It uses a payload like its event's, or the event of an earlier run, or made-up values. Raises as create."""
        stored: StoredWorkflow | None = None
        if isinstance(workflow, str):
            stored = await self._ledger.workflow(workflow, user_id)
            spec = stored.body.spec
            checking.check(spec, self._registry)  # providers may have changed; connections are reported separately
        else:
            spec = await self._checked(user_id, workflow)
        values, connection_id = await self._dry_run_values(user_id, spec, payload, run_id)
        body = _dry_run_body(spec, connection_id)
        blocked = await self._blocked(stored, spec, values)
        return await dry_run(
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

    async def _dry_run_values(
        self, user_id: str, spec: WorkflowSpec, payload: Mapping[str, Any] | None, run_id: str | None
    ) -> tuple[dict[str, Any], str | None]:
        """The values for a dry run, and the connection that their event came from."""
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

    async def _blocked(self, stored: StoredWorkflow | None, spec: WorkflowSpec, values: dict[str, Any]) -> Names:
        if stored is None:
            return []
        reasons = [] if stored.active else ["paused"]
        problems = await checking.connection_problems(spec, stored.row.user_id, self._accounts)
        reasons += ["connection"] if any(problem.field.startswith("trigger.") for problem in problems) else []
        return reasons + await self._suppression.would_limit(stored.row.id, spec, values)


def _dry_run_body(spec: WorkflowSpec, connection_id: str | None) -> RunBody:
    event = EventRef(provider=spec.trigger.provider, name=spec.trigger.event, connection_id=connection_id)
    return RunBody(spec=spec, workflow_version=0, generation=0, source=Source.MANUAL, event=event, values={}, steps=[])
