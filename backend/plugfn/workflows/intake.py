"""From an event to stored runs: whose it is, which workflows listen, whether their conditions hold. Sends nothing."""

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
from plugfn.rules.fields import Catalogue, catalogue, sound, stored, values_of
from plugfn.storage.protocol import Store
from plugfn.storage.records import RunRow
from plugfn.workflows.ancestry import OUTSIDE, Echoes, Lineage
from plugfn.workflows.checking import Accounts, Registry, named, trigger_fields
from plugfn.workflows.ledger import KeptRun, KeptWorkflow, Ledger
from plugfn.workflows.model import EventRef, RunBody, RunStatus, Source, StepRun, StepStatus
from plugfn.workflows.suppression import Suppression

log = logging.getLogger("plugfn.workflows")

UNEXPECTED = "unexpected_payload"
MOST_KEPT = 262_144
"""Characters of an event's values."""


@dataclass(frozen=True)
class Occasion:
    """One event for one user, read."""

    event: EventRef
    occurrence: str
    values: dict[str, Any]
    lineage: Lineage
    source: Source = Source.EVENT
    problem: str = ""
    """Why its payload could not be read."""
    replay_of: str | None = None


class Intake:
    """Makes runs. `counts`: what became of events in this process, by outcome."""

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

    async def accept(self, event: Event) -> list[KeptRun]:
        """The runs that an event starts, stored as pending or suppressed. An event that comes twice starts none."""
        try:
            trigger = self._registry.trigger(event.provider, event.name)
        except UnknownName:
            return []
        runs: list[KeptRun] = []
        for owner in await self._owners(event):
            runs += await self._for_user(event, trigger, owner)
        return runs

    async def _owners(self, event: Event) -> Sequence[Connection]:
        """The connections that an event belongs to: nobody's when it names neither a connection nor an account."""
        if event.connection_id is not None:
            found = await self._store.connection(event.connection_id)
            return [found] if found is not None and found.provider == event.provider else []
        return await self._accounts.of_account(event.provider, event.account) if event.account else []

    async def _for_user(self, event: Event, trigger: Trigger, owner: Connection) -> list[KeptRun]:
        occasion: Occasion | None = None
        runs = []
        async for workflow in self._ledger.listening(owner.user_id, event.provider, event.name):
            if workflow.body.spec.trigger.connection_id not in (None, owner.id):
                continue
            occasion = occasion or await self._read(event, trigger, owner)
            run = await self._consider(workflow, occasion)
            runs += [] if run is None else [run]
        return runs

    async def _read(self, event: Event, trigger: Trigger, owner: Connection) -> Occasion:
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
            id=sound(event.id),
            occurred_at=event.occurred_at,
            connection_id=owner.id,
        )
        return Occasion(reference, _occurrence(event), values, lineage, problem=problem)

    async def _consider(self, workflow: KeptWorkflow, occasion: Occasion) -> KeptRun | None:
        if occasion.problem:
            return await self._store_run(workflow, occasion, None, RunStatus.FAILED, occasion.problem)
        verdict = self.verdict(workflow, occasion.values)
        if not verdict.holds:
            self.counts["not_matched"] += 1
            return None
        objection = occasion.lineage.objection(workflow.row.id)
        if not objection:
            return await self._store_run(workflow, occasion, verdict)
        run = await self._store_run(workflow, occasion, verdict, RunStatus.SUPPRESSED, objection)
        if run is not None:
            await self._suppression.noticed(workflow)
        return run

    def verdict(self, workflow: KeptWorkflow, values: Mapping[str, Any]) -> Verdict:
        """What a workflow's conditions give for values."""
        spec = workflow.body.spec
        return evaluate(spec.conditions, values, self._fields(workflow), self._ledger.now())

    def _fields(self, workflow: KeptWorkflow) -> Catalogue:
        return trigger_fields(self._registry, workflow.body.spec)

    async def _store_run(
        self,
        workflow: KeptWorkflow,
        occasion: Occasion,
        verdict: Verdict | None,
        status: RunStatus = RunStatus.PENDING,
        reason: str = "",
    ) -> KeptRun | None:
        run_id, now = uuid4().hex, self._ledger.now()
        row = RunRow(
            id=run_id,
            workflow_id=workflow.row.id,
            user_id=workflow.row.user_id,
            status=status,
            occurrence=occasion.occurrence,
            depth=occasion.lineage.depth,
            root_run=occasion.lineage.root_run or run_id,
            created_at=now,
            updated_at=now,
            body=b"",
        )
        run = await self._ledger.add_run(row, _body(workflow, occasion, verdict, status, reason))
        self.counts["duplicate" if run is None else str(status)] += 1
        return run

    async def start(self, workflow: KeptWorkflow, payload: Mapping[str, Any]) -> KeptRun:
        """A run by hand. Its conditions are asked and noted, and do not decide. Raises InvalidParams."""
        trigger = workflow.body.spec.trigger
        model = self._registry.trigger(trigger.provider, trigger.event).payload
        values = payload_values(model, payload, catalogue(model))
        event = EventRef(provider=trigger.provider, name=trigger.event, connection_id=trigger.connection_id)
        return await self._by_hand(workflow, Occasion(event, uuid4().hex, values, OUTSIDE, Source.MANUAL))

    async def replay(self, workflow: KeptWorkflow, run: KeptRun, values: dict[str, Any]) -> KeptRun:
        """The workflow as it is now, with the event of an earlier run."""
        lineage = Lineage(run.row.depth, run.row.root_run, tuple(run.body.ancestry))
        occasion = Occasion(run.body.event, uuid4().hex, values, lineage, Source.REPLAY, replay_of=run.row.id)
        return await self._by_hand(workflow, occasion)

    async def _by_hand(self, workflow: KeptWorkflow, occasion: Occasion) -> KeptRun:
        if not workflow.active:
            raise InvalidCall("the workflow is paused: resume it first", code="paused")
        run = await self._store_run(workflow, occasion, self.verdict(workflow, occasion.values))
        if run is None:
            raise UnknownName("the user has no such workflow", code="no_workflow")
        return run


def payload_values(model: type[BaseModel], payload: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """The declared values of an event's payload. Raises InvalidParams."""
    try:
        return values_of(validated(model, dict(payload), "the payload"), known)
    except (ValueError, TypeError, RecursionError):  # what is nested without end fits a model, and cannot be read
        raise InvalidParams("the payload is not valid", problems=[Problem("", "is not plain JSON")]) from None


def _body(
    workflow: KeptWorkflow, occasion: Occasion, verdict: Verdict | None, status: RunStatus, reason: str
) -> RunBody:
    left_out = StepStatus.PENDING if status is RunStatus.PENDING else StepStatus.SKIPPED
    return RunBody(
        spec=workflow.body.spec,
        workflow_version=workflow.row.version,
        generation=workflow.body.generation,
        source=occasion.source,
        event=occasion.event,
        values=_kept(workflow, occasion.values),
        ancestry=list(occasion.lineage.workflows),
        replay_of=occasion.replay_of,
        reason=reason,
        trace=[] if verdict is None else list(verdict.trace),
        steps=[StepRun(id=step.id, action=step.action, status=left_out) for step in workflow.body.spec.steps],
    )


def _kept(workflow: KeptWorkflow, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a run keeps of its event: everything declared, for a replay; of a very big one what the workflow names."""
    whole = stored(values)
    if len(repr(whole)) <= MOST_KEPT:
        return whole
    wanted = named(workflow.body.spec)
    return {path: value for path, value in whole.items() if path in wanted}


def _occurrence(event: Event) -> str:
    """The same for the same event. Without an id every delivery counts: equal bodies are no repetition."""
    if event.id is None:
        return uuid4().hex
    # Ids are the vendor's own; one that names no account may be unique to its connection only.
    parts = [event.provider, event.name, event.account or event.connection_id, event.id]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
