"""One step: its parameters filled in, its action run, its result kept for later steps. The one way to any effect.

What runs the action is given: the executor, or for a dry run something that validates and sends nothing.
"""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from plugfn.errors import OutcomeUnknown, PlugFnError
from plugfn.rules import params
from plugfn.rules.fields import Catalogue, Values, revived, stored, values_of
from plugfn.workflows.checking import Registry, named, result_fields, trigger_fields
from plugfn.workflows.model import RunBody, StepError, StepSpec, StepStatus, WorkflowSpec

log = logging.getLogger("plugfn.workflows")

MOST_KEPT = 262_144
"""Bytes of results that a run keeps for its later steps."""


class Runner(Protocol):
    """What runs actions. plugfn.calls.executor.Executor is one."""

    async def run(
        self,
        action: str,
        *,
        user_id: str,
        params: Mapping[str, Any],
        connection_id: str | None,
        idempotency_key: str,
        source: str,
    ) -> BaseModel:
        """The action's result. The same idempotency key never does it twice. Raises PlugFnError."""
        ...


class Checker(Protocol):
    """What says whether an action would take these parameters. The executor is one."""

    def validate(self, action: str, params: Mapping[str, Any]) -> BaseModel:
        """Raises InvalidParams."""
        ...


def known_fields(registry: Registry, spec: WorkflowSpec) -> Catalogue:
    """What the steps of a workflow may name: the event's fields and all results. Raises UnknownName."""
    known = trigger_fields(registry, spec)
    for step in spec.steps:
        known |= result_fields(registry, step)
    return known


def scope(registry: Registry, body: RunBody) -> dict[str, Any]:
    """The values that a run's next step may use. Raises UnknownName when the provider or an action is gone."""
    return revived({**body.values, **body.outputs}, known_fields(registry, body.spec))


def rendered(registry: Registry, spec: WorkflowSpec, step: StepSpec, values: Values) -> dict[str, Any]:
    """A step's parameters. Raises InvalidParams, UnknownName."""
    return params.render(step.params, registry.action(step.action).params, values, spec.style)


def connection_of(body: RunBody, step: StepSpec) -> str | None:
    """The connection a step runs on: its own, or at the trigger's provider the event's."""
    if step.connection_id is not None or step.action.partition(".")[0] != body.event.provider:
        return step.connection_id
    return body.event.connection_id


def outputs(registry: Registry, spec: WorkflowSpec, step: StepSpec, result: BaseModel) -> dict[str, Any]:
    """What later steps name of a result. Too much of it is dropped: those steps then say what they miss."""
    fields = result_fields(registry, step)
    wanted = named(spec) & fields.keys()
    found = values_of(result, {path: fields[path] for path in wanted}, f"steps.{step.id}.")
    kept = stored(found)
    return kept if len(repr(kept)) <= MOST_KEPT else {}


def explained(error: Exception) -> tuple[StepStatus, StepError]:
    """What became of a step that raised."""
    if not isinstance(error, PlugFnError):
        # A defect in the provider: bytes may have gone out.
        log.error("an action ended with %s", type(error).__name__)
        error = OutcomeUnknown("the action ended in an unforeseen way", code="unforeseen")
    status = StepStatus.UNKNOWN if isinstance(error, OutcomeUnknown) else StepStatus.FAILED
    told = error.as_dict()
    return status, StepError(**{name: str(told.get(name, "")) for name in StepError.model_fields})
