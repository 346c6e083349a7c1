"""Executes a run's steps in order. It records each step before and after sending it: a crash loses and repeats nothing.

A worker owns a run by the version that it last wrote. It reads the workflow again before every step: when it is paused
or deleted, the run stops. A resumed run uses the same idempotency keys as before the crash.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from plugfn.errors import IdempotencyConflict, InvalidCall, PlugFnError
from plugfn.rules.fields import catalogue, values_of
from plugfn.workflows.ancestry import Echoes, Lineage, causing
from plugfn.workflows.checking import Registry
from plugfn.workflows.intake import UNEXPECTED
from plugfn.workflows.ledger import Ledger, StoredRun, Taken
from plugfn.workflows.model import RunStatus, StepError, StepRun, StepSpec, StepStatus
from plugfn.workflows.steps import Runner, connection_of, outputs, rendered, scope, step_error
from plugfn.workflows.suppression import Suppression

log = logging.getLogger("plugfn.workflows")

LEASE = timedelta(minutes=20)
"""A run that has not been written for this long has lost its worker. Longer than any action takes with its retries."""
LONGEST_KEY = timedelta(hours=23)
"""Idempotency keys are stored for a day: a step that was sent earlier than this is not sent again."""
RETRIABLE = frozenset({RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.PAUSED})
_UNFINISHED = frozenset({StepStatus.PENDING, StepStatus.RUNNING})


class Worker:
    """Executes runs."""

    def __init__(
        self,
        ledger: Ledger,
        registry: Registry,
        runner: Runner,
        echoes: Echoes,
        suppression: Suppression,
        lease: timedelta = LEASE,
    ) -> None:
        self._ledger, self._registry, self._runner = ledger, registry, runner
        self._echoes, self._suppression, self._lease = echoes, suppression, lease

    async def work(self, run_id: str) -> StoredRun | None:
        """Execute a run that is pending, or whose worker died; leave any other run as it is. None when it is gone.

        Raises TryLater when the shared limits cannot be reached; the run is then pending again."""
        run = await self._ledger.find_run(run_id)
        if run is None or not self._free(run):
            return run
        try:
            return await self._steps(await self._begin(run))
        except Taken:
            return await self._ledger.find_run(run_id)

    def _free(self, run: StoredRun) -> bool:
        stale = self._ledger.now() - run.row.updated_at > self._lease
        return run.row.status == RunStatus.PENDING or (run.row.status == RunStatus.RUNNING and stale)

    async def _begin(self, run: StoredRun) -> StoredRun:
        """Claim the run, and check its limits before it has any effect."""
        for step in run.body.steps:
            # Counted from when it was first sent: every attempt to resume the run updates the row.
            if step.started_at is not None and self._ledger.now() - step.started_at > LONGEST_KEY:
                _give_up_unknown(step)
        run = await self._ledger.write_run(run, RunStatus.RUNNING)
        if any(step.attempt for step in run.body.steps):
            return run  # but a worker that died before its first step may not have checked the limits
        if await self._is_stopped(run):
            return await self._suppress(run, "paused")
        try:
            reason = await self._suppression.limit(run)
        except PlugFnError:
            await self._ledger.write_run(run, RunStatus.PENDING)
            raise
        return await self._suppress(run, reason) if reason else run

    async def _is_stopped(self, run: StoredRun) -> bool:
        """Whether the kill switch was used: the workflow was paused or deleted."""
        workflow = await self._ledger.find_workflow(run.row)
        return workflow is None or not workflow.active or workflow.body.generation != run.body.generation

    async def _suppress(self, run: StoredRun, reason: str) -> StoredRun:
        run.body.reason = reason
        for step in run.body.steps:
            step.status = StepStatus.SKIPPED
        run = await self._ledger.write_run(run, RunStatus.SUPPRESSED)
        workflow = await self._ledger.find_workflow(run.row)
        if workflow is not None and workflow.active:
            await self._suppression.pause_if_too_many(workflow)
        return run

    async def _steps(self, run: StoredRun) -> StoredRun:
        for step, state in zip(run.body.spec.steps, run.body.steps, strict=True):
            if run.row.status != RunStatus.RUNNING:
                return run
            if state.status not in _UNFINISHED:
                if _ends(step, state):
                    break
                continue
            if await self._is_stopped(run):
                return await self._interrupt(run)
            run = await self._step(run, step, state)
            if _ends(step, state):
                break
        return run if run.row.status != RunStatus.RUNNING else await self._finish(run)

    async def _interrupt(self, run: StoredRun) -> StoredRun:
        """Stop the run, as the kill switch demands, when some of its steps may have been done."""
        if not any(step.attempt for step in run.body.steps):
            return await self._suppress(run, "paused")
        for step in run.body.steps:
            _give_up_unknown(step)
        run.body.reason = "paused"
        return await self._ledger.write_run(run, RunStatus.PAUSED)

    async def _finish(self, run: StoredRun) -> StoredRun:
        for state in run.body.steps:
            if state.status is StepStatus.PENDING:
                state.status = StepStatus.SKIPPED
        return await self._ledger.write_run(run, _outcome(run.body.steps))

    async def _step(self, run: StoredRun, step: StepSpec, state: StepRun) -> StoredRun:
        """One attempt, recorded before it is sent."""
        if state.status is StepStatus.PENDING:
            state.attempt += 1
            state.status, state.error = StepStatus.RUNNING, None
            state.started_at, state.finished_at = self._ledger.now(), None
            run = await self._ledger.write_run(run, RunStatus.RUNNING)
        await self._perform(run, step, state)
        state.finished_at = self._ledger.now()
        return await self._ledger.write_run(run, RunStatus.RUNNING)

    async def _perform(self, run: StoredRun, step: StepSpec, state: StepRun) -> None:
        """Run the step and record its outcome in `state`. A failing store raises: the run is resumed later."""
        try:
            values = scope(self._registry, run.body)
            filled = rendered(self._registry, run.body.spec, step, values)
            action = self._registry.action(step.action)
        except PlugFnError as error:
            state.status, state.error = step_error(error)
            return
        lineage = _lineage(run)
        async with self._echoes.out(run.row.user_id, action.provider):
            with causing(lineage):
                result = await self._effect(run, step, state, filled)
            if result is None:
                return
            if not action.safe:  # an action that only reads causes no events
                known = catalogue(action.result)
                await self._echoes.leave(run.row.user_id, action.provider, values_of(result, known), lineage)
        run.body.outputs |= outputs(self._registry, run.body.spec, step, result)

    async def _effect(
        self, run: StoredRun, step: StepSpec, state: StepRun, filled: Mapping[str, Any]
    ) -> BaseModel | None:
        """The call itself: the only line of the engine that acts outside PlugFn."""
        try:
            result = await self._runner.run(
                step.action,
                user_id=run.row.user_id,
                params=filled,
                connection_id=connection_of(run.body, step),
                idempotency_key=f"workflow|{run.row.id}|{step.id}|{state.attempt}",
                source="workflow",
            )
        except Exception as error:  # noqa: BLE001 - whatever an action raises becomes the step's outcome
            if isinstance(error, IdempotencyConflict) and error.code == "in_progress":
                raise Taken from None  # another worker is still sending it: this run is resumed later
            state.status, state.error = step_error(error)
            return None
        state.status = StepStatus.SUCCEEDED
        return result

    async def retry(self, run: StoredRun, confirm_unknown: bool) -> StoredRun:
        """Make a run pending again, from the first step that is not done. Raises InvalidCall."""
        if run.row.status not in RETRIABLE or run.body.reason == UNEXPECTED:
            raise InvalidCall(f"a run with the status {run.row.status} cannot be retried", code="not_retriable")
        workflow = await self._ledger.find_workflow(run.row)
        if workflow is None or not workflow.active:
            raise InvalidCall("the workflow is paused: resume it first", code="paused")
        unclear = [step.id for step in run.body.steps if step.status in (StepStatus.UNKNOWN, StepStatus.RUNNING)]
        if unclear and not confirm_unknown:
            raise InvalidCall(
                f"it is unknown whether {', '.join(unclear)} was done: check, then confirm", code="confirm_unknown"
            )
        for step in run.body.steps:
            if step.status is not StepStatus.SUCCEEDED:
                step.status, step.error = StepStatus.PENDING, None
        run.body.reason, run.body.generation = "", workflow.body.generation
        try:
            return await self._ledger.write_run(run, RunStatus.PENDING)
        except Taken:
            raise InvalidCall("the run was changed meanwhile: read it again", code="conflict") from None

    async def recover(self, limit: int) -> list[StoredRun]:
        """Execute the runs that no process has begun, or whose process died."""
        before = self._ledger.now() - self._lease
        stale: list[str] = []
        for status in (RunStatus.RUNNING, RunStatus.PENDING):
            stale += await self._ledger.stale(status, before, limit - len(stale))
        return [run for run_id in stale for run in await self._recovered(run_id)]

    async def _recovered(self, run_id: str) -> list[StoredRun]:
        try:
            run = await self.work(run_id)
        except Exception as error:  # noqa: BLE001 - one failing run must not stop the others
            why = error.message if isinstance(error, PlugFnError) else type(error).__name__
            log.error("run %s was not recovered: %s", run_id, why)
            return []
        return [] if run is None else [run]


def _lineage(run: StoredRun) -> Lineage:
    own = Lineage(run.row.depth, run.row.root_run, tuple(run.body.ancestry))
    return own.child(run.row.workflow_id, run.row.id)


def _ends(step: StepSpec, state: StepRun) -> bool:
    return state.status in (StepStatus.FAILED, StepStatus.UNKNOWN) and step.on_error == "stop"


def _outcome(steps: list[StepRun]) -> RunStatus:
    statuses = {step.status for step in steps}
    if statuses == {StepStatus.SUCCEEDED}:
        return RunStatus.SUCCEEDED
    return RunStatus.PARTIAL if statuses & {StepStatus.SUCCEEDED, StepStatus.UNKNOWN} else RunStatus.FAILED


def _give_up_unknown(step: StepRun) -> None:
    if step.status is StepStatus.RUNNING:
        message = "its process died before the answer came"
        step.status = StepStatus.UNKNOWN
        step.error = StepError(error="OutcomeUnknown", code="outcome_unknown", next="check", message=message)
