"""What keeps a run from having any effect, asked just before the first one; and what follows when that goes on."""

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
from plugfn.workflows.ledger import KeptRun, KeptWorkflow, Ledger
from plugfn.workflows.model import RunStatus, WorkflowSpec, WorkflowStatus

log = logging.getLogger("plugfn.workflows")

HOUR = 3600
ATTEMPTS = 10
COOLDOWN = "workflow-cooldown"
PER_HOUR = "per_hour"
ALARMING = frozenset({"loop", "depth", PER_HOUR})
"""A cool-down is business as usual; these mean that something is wrong."""


class Budgets(Protocol):
    """The limits that all processes share."""

    async def take(self, budget: Budget) -> float:
        """0.0 when granted, else the seconds until there may be one."""
        ...


class Suppression:
    """Limits of workflows."""

    def __init__(self, store: Store, ledger: Ledger, budgets: Budgets) -> None:
        self._store, self._ledger, self._budgets = store, ledger, budgets

    async def limit(self, run: KeptRun) -> str:
        """The limit that stops a run: "cooldown", "per_hour", or none. Counts it when nothing does."""
        limits, own = run.body.spec.limits, run.row.id.encode()
        place = _subject(run.row.workflow_id, run.body.spec, run.body.values)
        holder = None
        if place and limits.cooldown:
            holder = await self._store.put_new(COOLDOWN, place, own, limits.cooldown)
        if holder not in (None, own):
            return "cooldown"
        if await self._budgets.take(Budget(f"workflow|{run.row.workflow_id}", limits.per_hour, HOUR)) <= 0:
            return ""
        if place and limits.cooldown:  # nothing was done for this subject after all
            await self._store.take(COOLDOWN, place)
        return PER_HOUR

    async def would_limit(self, workflow_id: str, spec: WorkflowSpec, values: dict[str, Any]) -> list[str]:
        """What would stop a run now, as far as can be told without counting one."""
        place = _subject(workflow_id, spec, values)
        found = ["cooldown"] if place and await self._store.peek(COOLDOWN, place) is not None else []
        recent = await self._store.runs(workflow_id=workflow_id, limit=2 * spec.limits.per_hour)
        since = self._ledger.now() - timedelta(seconds=HOUR)
        done = [row for row in recent if row.created_at > since and row.status != RunStatus.SUPPRESSED]
        return [*found, PER_HOUR] if len(done) >= spec.limits.per_hour else found

    async def noticed(self, workflow: KeptWorkflow) -> None:
        """A run was suppressed: pause its workflow when it is the last of too many in a row."""
        most = workflow.body.spec.limits.max_suppressed
        rows = await self._store.runs(workflow_id=workflow.row.id, limit=most)
        if len(rows) < most or any(row.status != RunStatus.SUPPRESSED for row in rows):
            return
        if any(self._reason(row) not in ALARMING for row in rows):
            return
        try:
            await pause(self._ledger, workflow, "suppressed")
        except InvalidCall:
            return  # changed or paused in this moment: the next suppressed run looks again
        log.warning("workflow %s is paused: its last %d runs were suppressed", workflow.row.id, most)

    def _reason(self, row: RunRow) -> str:
        try:
            return self._ledger.open_run(row).body.reason
        except Unexpected:
            return "unreadable"


async def pause(ledger: Ledger, workflow: KeptWorkflow, because: str) -> KeptWorkflow:
    """Stop a workflow and what it has queued. Raises InvalidCall (code "conflict")."""
    if not workflow.active:
        return workflow
    row = replace(workflow.row, status=WorkflowStatus.PAUSED)
    body = workflow.body.model_copy(update={"generation": workflow.body.generation + 1, "paused_because": because})
    return await ledger.write_workflow(row, body)


async def stop(ledger: Ledger, workflow_id: str, user_id: str) -> KeptWorkflow:
    """The kill switch: whoever else changes the workflow at this moment puts it off no longer than ATTEMPTS times.

    Raises UnknownName, InvalidCall (code "conflict")."""
    for _ in range(ATTEMPTS - 1):
        workflow = await ledger.workflow(workflow_id, user_id)
        with suppress(InvalidCall):
            return await pause(ledger, workflow, "user")
    return await pause(ledger, await ledger.workflow(workflow_id, user_id), "user")


async def resume(ledger: Ledger, workflow: KeptWorkflow) -> KeptWorkflow:
    """Let events start it again. What was queued when it was paused stays stopped."""
    if workflow.active:
        return workflow
    row = replace(workflow.row, status=WorkflowStatus.ACTIVE)
    return await ledger.write_workflow(row, workflow.body.model_copy(update={"paused_because": ""}))


def _subject(workflow_id: str, spec: WorkflowSpec, values: dict[str, Any]) -> str:
    """Where the cool-down of an event's subject is kept; empty when the event has none."""
    value = values.get(spec.limits.subject or "")
    # Who it is about is personal: only a digest is kept.
    return "" if value is None else hashlib.sha256(json.dumps([workflow_id, str(value)]).encode()).hexdigest()
