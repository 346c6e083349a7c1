"""From an event to stored runs: finds the users, their workflows, and checks conditions. Sends nothing."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from plugfn.connection import Connection
from plugfn.definition import Trigger
from plugfn.errors import InvalidCall, InvalidParams, Problem, UnknownName
from plugfn.inbound import Event
from plugfn.problems import validated
from plugfn.rules.evaluation import Verdict, evaluate
from plugfn.rules.fields import Catalogue, catalogue, stored, valid_text, values_of
from plugfn.storage.protocol import Store
from plugfn.storage.records import RunRow
from plugfn.workflows.ancestry import OUTSIDE, Echoes, Lineage
from plugfn.workflows.checking import Accounts, Registry, referenced_paths, trigger_fields
from plugfn.workflows.ledger import Ledger, StoredRun, StoredWorkflow
from plugfn.workflows.model import EventRef, RunBody, RunStatus, Source, StepRun, StepStatus
from plugfn.workflows.suppression import Suppression

log = logging.getLogger("plugfn.workflows")

UNEXPECTED = "unexpected_payload"
MOST_STORED = 262_144
"""Characters of an event's values that a run stores."""


@dataclass(frozen=True)
class ReadEvent:
    """One event for one user, with its payload's values."""

    event: EventRef
    occurrence: str
    values: dict[str, Any]
    lineage: Lineage
    source: Source = Source.EVENT
    problem: str = ""
    """Why its payload could not be read; empty when it could."""
    replay_of: str | None = None


class Intake:
    """Creates runs. `counts`: how many events had each outcome in this process."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        registry: Registry,
        accounts: Accounts,
        echoes: Echoes,
        suppression: Suppression,
    ) -> None:
        self._store, self._ledger, self._registry, self._accounts = store, ledger, registry, accounts
        self._echoes, self._suppression = echoes, suppression
        self.counts: Counter[str] = Counter()

    async def accept(self, event: Event) -> list[StoredRun]:
        """Store the runs that an event starts, as pending or suppressed. A repeated event starts none."""
        try:
            trigger = self._registry.trigger(event.provider, event.name)
        except UnknownName:
            return []
        runs: list[StoredRun] = []
        for owner in await self._owners(event):
            runs += await self._for_user(event, trigger, owner)
        return runs

    async def _owners(self, event: Event) -> Sequence[Connection]:
        """The connections that an event belongs to: none when it has neither a connection nor an account."""
        if event.connection_id is not None:
            connection = await self._store.connection(event.connection_id)
            return [connection] if connection is not None and connection.provider == event.provider else []
        return await self._accounts.of_account(event.provider, event.account) if event.account else []

    async def _for_user(self, event: Event, trigger: Trigger, owner: Connection) -> list[StoredRun]:
        read_event: ReadEvent | None = None
        runs = []
        async for workflow in self._ledger.listening(owner.user_id, event.provider, event.name):
            if workflow.body.spec.trigger.connection_id not in (None, owner.id):
                continue
            read_event = read_event or await self._read(event, trigger, owner)
            run = await self._consider(workflow, read_event)
            runs += [] if run is None else [run]
        return runs

    async def _read(self, event: Event, trigger: Trigger, owner: Connection) -> ReadEvent:
        known = catalogue(trigger.payload)
        problem, values = "", {}
        try:
            values = payload_values(trigger.payload, event.payload, known)
        except InvalidCall as error:
            problem = UNEXPECTED
            log.error("event %s.%s: %s", event.provider, event.name, error.message)
        lineage = await self._echoes.lineage(owner.user_id, event.provider, values)
        reference = EventRef(
            provider=event.provider,
            name=event.name,
            id=valid_text(event.id),
            occurred_at=event.occurred_at,
            connection_id=owner.id,
        )
        return ReadEvent(reference, _occurrence(event), values, lineage, problem=problem)

    async def _consider(self, workflow: StoredWorkflow, read_event: ReadEvent) -> StoredRun | None:
        if read_event.problem:
            return await self._store_run(workflow, read_event, None, RunStatus.FAILED, read_event.problem)
        verdict = self.verdict(workflow, read_event.values)
        if not verdict.holds:
            self.counts["not_matched"] += 1
            return None
        objection = read_event.lineage.objection(workflow.row.id)
        if not objection:
            return await self._store_run(workflow, read_event, verdict)
        run = await self._store_run(workflow, read_event, verdict, RunStatus.SUPPRESSED, objection)
        if run is not None:
            await self._suppression.pause_if_too_many(workflow)
        return run

    def verdict(self, workflow: StoredWorkflow, values: Mapping[str, Any]) -> Verdict:
        """Evaluate a workflow's conditions."""
        spec = workflow.body.spec
        return evaluate(spec.conditions, values, self._fields(workflow), self._ledger.now())

    def _fields(self, workflow: StoredWorkflow) -> Catalogue:
        return trigger_fields(self._registry, workflow.body.spec)

    async def _store_run(
        self,
        workflow: StoredWorkflow,
        read_event: ReadEvent,
        verdict: Verdict | None,
        status: RunStatus = RunStatus.PENDING,
        reason: str = "",
    ) -> StoredRun | None:
        run_id, now = uuid4().hex, self._ledger.now()
        row = RunRow(
            id=run_id,
            workflow_id=workflow.row.id,
            user_id=workflow.row.user_id,
            status=status,
            occurrence=read_event.occurrence,
            depth=read_event.lineage.depth,
            root_run=read_event.lineage.root_run or run_id,
            created_at=now,
            updated_at=now,
            body=b"",
        )
        run = await self._ledger.add_run(row, _body(workflow, read_event, verdict, status, reason))
        self.counts["duplicate" if run is None else str(status)] += 1
        return run

    async def start(self, workflow: StoredWorkflow, payload: Mapping[str, Any]) -> StoredRun:
        """Start a run by hand. Its conditions are recorded, but it runs in any case. Raises InvalidParams."""
        trigger = workflow.body.spec.trigger
        model = self._registry.trigger(trigger.provider, trigger.event).payload
        values = payload_values(model, payload, catalogue(model))
        event = EventRef(provider=trigger.provider, name=trigger.event, connection_id=trigger.connection_id)
        return await self._by_hand(workflow, ReadEvent(event, uuid4().hex, values, OUTSIDE, Source.MANUAL))

    async def replay(self, workflow: StoredWorkflow, run: StoredRun, values: dict[str, Any]) -> StoredRun:
        """Run the current version of the workflow with the event of an earlier run."""
        lineage = Lineage(run.row.depth, run.row.root_run, tuple(run.body.ancestry))
        read_event = ReadEvent(run.body.event, uuid4().hex, values, lineage, Source.REPLAY, replay_of=run.row.id)
        return await self._by_hand(workflow, read_event)

    async def _by_hand(self, workflow: StoredWorkflow, read_event: ReadEvent) -> StoredRun:
        if not workflow.active:
            raise InvalidCall("the workflow is paused: resume it first", code="paused")
        run = await self._store_run(workflow, read_event, self.verdict(workflow, read_event.values))
        if run is None:
            raise UnknownName("the user has no such workflow", code="no_workflow")
        return run


def payload_values(model: type[BaseModel], payload: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """The declared values of an event's payload. Raises InvalidParams."""
    try:
        return values_of(validated(model, dict(payload), "the payload"), known)
    except (ValueError, TypeError, RecursionError):  # endless nesting passes the model, but cannot be read
        raise InvalidParams("the payload is not valid", problems=[Problem("", "is not plain JSON")]) from None


def _body(
    workflow: StoredWorkflow, read_event: ReadEvent, verdict: Verdict | None, status: RunStatus, reason: str
) -> RunBody:
    left_out = StepStatus.PENDING if status is RunStatus.PENDING else StepStatus.SKIPPED
    return RunBody(
        spec=workflow.body.spec,
        workflow_version=workflow.row.version,
        generation=workflow.body.generation,
        source=read_event.source,
        event=read_event.event,
        values=_stored_values(workflow, read_event.values),
        ancestry=list(read_event.lineage.workflows),
        replay_of=read_event.replay_of,
        reason=reason,
        trace=[] if verdict is None else list(verdict.trace),
        steps=[StepRun(id=step.id, action=step.action, status=left_out) for step in workflow.body.spec.steps],
    )


def _stored_values(workflow: StoredWorkflow, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a run stores: all declared ones; of a very large event only those that the workflow uses."""
    whole = stored(values)
    if len(repr(whole)) <= MOST_STORED:
        return whole
    wanted = referenced_paths(workflow.body.spec)
    return {path: value for path, value in whole.items() if path in wanted}


def _occurrence(event: Event) -> str:
    """The same for the same event. Without an id every delivery counts as a new event, even if bodies are equal."""
    if event.id is None:
        return uuid4().hex
    # The vendor makes the ids; without an account they may be unique only within their connection.
    parts = [event.provider, event.name, event.account or event.connection_id, event.id]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
