"""The limits that stop a run before its first effect, and the pause of a workflow that keeps reaching them."""

import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from plugfn.errors import InvalidCall, Unexpected
from plugfn.resilience.budget import Budget
from plugfn.storage.protocol import Store
from plugfn.storage.records import RunRow
from plugfn.workflows.ledger import Ledger, StoredRun, StoredWorkflow
from plugfn.workflows.model import RunStatus, WorkflowSpec, WorkflowStatus

log = logging.getLogger("plugfn.workflows")

HOUR = 3600
ATTEMPTS = 10
COOLDOWN = "workflow-cooldown"
PER_HOUR = "per_hour"
ALARMING = frozenset({"loop", "depth", PER_HOUR})
"""Reasons that mean trouble; a cool-down is normal."""


class Budgets(Protocol):
    """The rate limits that all processes share."""

    async def take(self, budget: Budget) -> float:
        """0.0 when granted, else the seconds until the next one."""
        ...


class Suppression:
    """The limits of workflows."""

    def __init__(self, store: Store, ledger: Ledger, budgets: Budgets) -> None:
        self._store, self._ledger, self._budgets = store, ledger, budgets

    async def limit(self, run: StoredRun) -> str:
        """The limit that stops a run: "cooldown", "per_hour" or "". When none does, the run is counted."""
        limits, own = run.body.spec.limits, run.row.id.encode()
        place = _subject(run.row.workflow_id, run.body.spec, run.body.values)
        holder = None
        if place and limits.cooldown:
            holder = await self._store.put_new(COOLDOWN, place, own, limits.cooldown)
        if holder not in (None, own):
            return "cooldown"
        if await self._budgets.take(Budget(f"workflow|{run.row.workflow_id}", limits.per_hour, HOUR)) <= 0:
            return ""
        if place and limits.cooldown:  # this run does nothing for its subject after all
            await self._store.take(COOLDOWN, place)
        return PER_HOUR

    async def would_limit(self, workflow_id: str, spec: WorkflowSpec, values: dict[str, Any]) -> list[str]:
        """The limits that would stop a run now, found without counting one."""
        place = _subject(workflow_id, spec, values)
        reasons = ["cooldown"] if place and await self._store.peek(COOLDOWN, place) is not None else []
        recent = await self._store.runs(workflow_id=workflow_id, limit=2 * spec.limits.per_hour)
        since = self._ledger.now() - timedelta(seconds=HOUR)
        done = [row for row in recent if row.created_at > since and row.status != RunStatus.SUPPRESSED]
        return [*reasons, PER_HOUR] if len(done) >= spec.limits.per_hour else reasons

    async def pause_if_too_many(self, workflow: StoredWorkflow) -> None:
        """Called after a suppressed run: pause the workflow when its last `max_suppressed` runs were all suppressed."""
        most = workflow.body.spec.limits.max_suppressed
        rows = await self._store.runs(workflow_id=workflow.row.id, limit=most)
        if len(rows) < most or any(row.status != RunStatus.SUPPRESSED for row in rows):
            return
        if any(self._reason(row) not in ALARMING for row in rows):
            return
        try:
            await pause(self._ledger, workflow, "suppressed")
        except InvalidCall:
            return  # changed or paused meanwhile: the next suppressed run tries again
        log.warning("workflow %s was paused, because its last %d runs were suppressed", workflow.row.id, most)

    def _reason(self, row: RunRow) -> str:
        try:
            return self._ledger.open_run(row).body.reason
        except Unexpected:
            return "unreadable"


async def pause(ledger: Ledger, workflow: StoredWorkflow, because: str) -> StoredWorkflow:
    """Pause a workflow and its queued runs. Raises InvalidCall (code "conflict")."""
    if not workflow.active:
        return workflow
    row = replace(workflow.row, status=WorkflowStatus.PAUSED)
    body = workflow.body.model_copy(update={"generation": workflow.body.generation + 1, "paused_because": because})
    return await ledger.write_workflow(row, body)


async def stop(ledger: Ledger, workflow_id: str, user_id: str) -> StoredWorkflow:
    """The kill switch: pauses a workflow even while others change it, with up to ATTEMPTS attempts.

    Raises UnknownName, InvalidCall (code "conflict")."""
    for _ in range(ATTEMPTS - 1):
        workflow = await ledger.workflow(workflow_id, user_id)
        with suppress(InvalidCall):
            return await pause(ledger, workflow, "user")
    return await pause(ledger, await ledger.workflow(workflow_id, user_id), "user")


async def resume(ledger: Ledger, workflow: StoredWorkflow) -> StoredWorkflow:
    """Let events start it again. Runs that were queued when it was paused stay stopped."""
    if workflow.active:
        return workflow
    row = replace(workflow.row, status=WorkflowStatus.ACTIVE)
    return await ledger.write_workflow(row, workflow.body.model_copy(update={"paused_because": ""}))


def _subject(workflow_id: str, spec: WorkflowSpec, values: dict[str, Any]) -> str:
    """The storage key of the cool-down of an event's subject; empty when the event has no subject."""
    value = values.get(spec.limits.subject or "")
    # The subject is personal data, so only a digest is stored.
    return "" if value is None else hashlib.sha256(json.dumps([workflow_id, str(value)]).encode()).hexdigest()
