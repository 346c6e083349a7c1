"""Reads the workflow that a user wrote, and checks all of it before it is stored."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel

from plugfn.connection import Connection
from plugfn.definition import Action, Provider, Trigger
from plugfn.errors import InvalidCall, InvalidParams, PlugFnError, Problem
from plugfn.problems import validated
from plugfn.rules import conditions, params, templates
from plugfn.rules.conditions import Condition
from plugfn.rules.fields import Catalogue, Field, catalogue, unknown_field
from plugfn.workflows.model import StepSpec, WorkflowSpec

WHAT = "the workflow"
RESERVED = "steps"
"""The root of step results in placeholders: a payload's field of this name cannot be used."""


class Registry(Protocol):
    """The registered providers. Each method raises UnknownName."""

    def get(self, name: str) -> Provider:
        """A provider."""
        ...

    def action(self, path: str) -> Action[Any, Any]:
        """An action."""
        ...

    def trigger(self, provider_name: str, event: str) -> Trigger:
        """A declared event."""
        ...


class Accounts(Protocol):
    """The users' connections."""

    async def get(self, connection_id: str, user_id: str) -> Connection:
        """The connection. Raises NoConnection, also when it is another user's."""
        ...

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        """The connection that a call uses. Raises PlugFnError."""
        ...

    async def of_account(self, provider: str, account: str) -> Sequence[Connection]:
        """All users' connections to a vendor's account: those that an event of the account concerns."""
        ...


def read(raw: Mapping[str, Any] | WorkflowSpec) -> WorkflowSpec:
    """A workflow from JSON. Raises InvalidParams with every problem of its form."""
    if isinstance(raw, WorkflowSpec):
        raw = raw.model_dump(exclude_unset=True)
    if not isinstance(raw, Mapping):
        raise InvalidParams("the workflow is not valid", problems=[Problem("", "must be an object")])
    rest = dict(raw)
    tree_json = rest.pop("conditions", None)
    problems = [*_oversized(rest.get("steps"))]
    tree: Condition | None = None
    try:
        tree = None if tree_json is None else conditions.parse(tree_json)
    except InvalidParams as error:
        problems += error.problems
    if problems:
        raise InvalidParams("the workflow is not valid", problems=problems)
    # The conditions are parsed already: pydantic gets them as they are.
    return validated(WorkflowSpec, {**rest, "conditions": tree}, WHAT)


def _oversized(steps: Any) -> list[Problem]:
    """Size problems, found before anything recursive reads the parameters."""
    first = [] if not isinstance(steps, list) else steps[:100]
    sizes = [(index, params.size_problem(step.get("params", {}))) for index, step in enumerate(first) if _is_dict(step)]
    return [Problem(f"steps.{index}.params", reason) for index, reason in sizes if reason]


def _is_dict(step: Any) -> bool:
    return isinstance(step, dict)


def event_fields(registry: Registry, provider: str, event: str) -> dict[str, Field]:
    """The fields of an event. Raises UnknownName."""
    fields = catalogue(registry.trigger(provider, event).payload)
    return {path: field for path, field in fields.items() if path.partition(".")[0] != RESERVED}


def trigger_fields(registry: Registry, spec: WorkflowSpec) -> dict[str, Field]:
    """The fields of a workflow's event. Raises UnknownName."""
    return event_fields(registry, spec.trigger.provider, spec.trigger.event)


def result_fields(registry: Registry, step: StepSpec) -> dict[str, Field]:
    """The fields of a step's result, as later steps name them. Raises UnknownName."""
    return catalogue(registry.action(step.action).result, f"{RESERVED}.{step.id}.")


def check(spec: WorkflowSpec, registry: Registry, others: Sequence[Problem] = ()) -> None:
    """Raises UnknownName or InvalidParams: trigger, fields, actions, placeholders, types, and the `others`."""
    known = trigger_fields(registry, spec)
    problems: list[Problem] = []
    if spec.conditions is not None:
        problems += conditions.check(spec.conditions, known)
    problems += _limit_problems(spec, known)
    problems += _repeated_ids(spec)
    for index, step in enumerate(spec.steps):
        problems += _step_problems(f"steps.{index}", step, registry, spec, known)
        known = known | _results(registry, step)
    problems += others
    if problems:
        raise InvalidParams("the workflow is not valid", problems=problems[:20])


def _limit_problems(spec: WorkflowSpec, known: Catalogue) -> list[Problem]:
    subject, cooldown = spec.limits.subject, spec.limits.cooldown
    if (subject is None) is not (cooldown is None):
        return [Problem("limits", "subject and cooldown belong together")]
    if subject is not None and subject not in known:
        return [Problem("limits.subject", unknown_field(subject, known))]
    return []


def _repeated_ids(spec: WorkflowSpec) -> list[Problem]:
    ids = [step.id for step in spec.steps]
    return [
        Problem(f"steps.{index}.id", "is the id of an earlier step")
        for index, name in enumerate(ids)
        if name in ids[:index]
    ]


def _step_problems(at: str, step: StepSpec, registry: Registry, spec: WorkflowSpec, known: Catalogue) -> list[Problem]:
    try:
        model: type[BaseModel] = registry.action(step.action).params
    except InvalidCall as error:
        return [Problem(f"{at}.action", error.message)]
    wrong = params.check(step.params, model, known, spec.style)
    return [
        Problem(f"{at}.params.{problem.field}" if problem.field else f"{at}.params", problem.reason)
        for problem in wrong
    ]


def _results(registry: Registry, step: StepSpec) -> dict[str, Field]:
    try:
        return result_fields(registry, step)
    except InvalidCall:
        return {}


async def connection_problems(spec: WorkflowSpec, user_id: str, accounts: Accounts) -> list[Problem]:
    """Connections in a workflow that its user does not have."""
    wanted = [("trigger.connection_id", spec.trigger.provider, spec.trigger.connection_id)]
    wanted += [
        (f"steps.{index}.connection_id", step.action.partition(".")[0], step.connection_id)
        for index, step in enumerate(spec.steps)
    ]
    problems = [
        (at, await _connection_problem(provider, connection_id, user_id, accounts))
        for at, provider, connection_id in wanted
        if connection_id
    ]
    return [Problem(at, reason) for at, reason in problems if reason]


async def _connection_problem(provider: str, connection_id: str, user_id: str, accounts: Accounts) -> str:
    try:
        connection = await accounts.get(connection_id, user_id)
    except PlugFnError as error:
        return error.message
    return "" if connection.provider == provider else f"is a connection of {connection.provider}"


def referenced_paths(spec: WorkflowSpec) -> set[str]:
    """Every path that a workflow refers to, in conditions, placeholders and limits."""
    tree = [] if spec.conditions is None else conditions.leaves(spec.conditions)
    paths = {leaf.field for _, leaf in tree} | {spec.limits.subject or ""}
    waiting: list[Any] = [step.params for step in spec.steps]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str):
            paths |= {placeholder.path for placeholder in templates.parse(node).placeholders}
    return paths
