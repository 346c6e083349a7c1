"""One step: fills in its parameters, runs its action, keeps its result for later steps. Every effect goes through here.

The caller passes what runs the action: the executor, or for a dry run an object that validates and sends nothing.
"""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from plugfn.errors import OutcomeUnknown, PlugFnError
from plugfn.rules import params
from plugfn.rules.fields import Catalogue, Values, restored, stored, values_of
from plugfn.workflows.checking import Registry, referenced_paths, result_fields, trigger_fields
from plugfn.workflows.model import RunBody, StepError, StepSpec, StepStatus, WorkflowSpec

log = logging.getLogger("plugfn.workflows")

MOST_STORED = 262_144
"""Bytes of results that a run stores for its later steps."""


class Runner(Protocol):
    """Runs actions. plugfn.calls.executor.Executor does."""

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
        """The action's result. A repeated idempotency key never does it twice. Raises PlugFnError."""
        ...


class Checker(Protocol):
    """Checks whether an action would accept parameters. plugfn.calls.executor.Executor does."""

    def validate(self, action: str, params: Mapping[str, Any]) -> BaseModel:
        """Raises InvalidParams."""
        ...


def known_fields(registry: Registry, spec: WorkflowSpec) -> Catalogue:
    """The fields that a workflow's steps may use: the event's and those of all results. Raises UnknownName."""
    known = trigger_fields(registry, spec)
    for step in spec.steps:
        known |= result_fields(registry, step)
    return known


def scope(registry: Registry, body: RunBody) -> dict[str, Any]:
    """The values that the next step may use. Raises UnknownName when the provider or an action is gone."""
    return restored({**body.values, **body.outputs}, known_fields(registry, body.spec))


def rendered(registry: Registry, spec: WorkflowSpec, step: StepSpec, values: Values) -> dict[str, Any]:
    """A step's parameters, with its placeholders filled in. Raises InvalidParams, UnknownName."""
    return params.render(step.params, registry.action(step.action).params, values, spec.style)


def connection_of(body: RunBody, step: StepSpec) -> str | None:
    """The connection of a step: its own, or at the trigger's provider the event's."""
    if step.connection_id is not None or step.action.partition(".")[0] != body.event.provider:
        return step.connection_id
    return body.event.connection_id


def outputs(registry: Registry, spec: WorkflowSpec, step: StepSpec, result: BaseModel) -> dict[str, Any]:
    """The parts of a result that later steps use. When they are too large none is stored, and those steps report it."""
    fields = result_fields(registry, step)
    wanted = referenced_paths(spec) & fields.keys()
    values = values_of(result, {path: fields[path] for path in wanted}, f"steps.{step.id}.")
    outputs = stored(values)
    return outputs if len(repr(outputs)) <= MOST_STORED else {}


def step_error(error: Exception) -> tuple[StepStatus, StepError]:
    """The status and the error of a step that raised."""
    if not isinstance(error, PlugFnError):
        # A bug in the provider's code: the request may have gone out.
        log.error("an action raised %s", type(error).__name__)
        error = OutcomeUnknown("the action failed unexpectedly", code="unforeseen")
    status = StepStatus.UNKNOWN if isinstance(error, OutcomeUnknown) else StepStatus.FAILED
    fields = error.as_dict()
    return status, StepError(**{name: str(fields.get(name, "")) for name in StepError.model_fields})
