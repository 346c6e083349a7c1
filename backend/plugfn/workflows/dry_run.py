"""What a workflow would do with an event: conditions, parameters, limits and connections for real, and no effect.

The same evaluation, renderer, validators and step code as a run. Only what runs an action is replaced: by something
that checks the parameters and answers with a made-up result.
"""

from collections.abc import Mapping
from typing import Any

from plugfn.errors import InvalidParams, PlugFnError
from plugfn.rules.evaluation import evaluate
from plugfn.rules.fields import samples
from plugfn.rules.params import places_of, touches
from plugfn.workflows.checking import Accounts, Registry, result_fields
from plugfn.workflows.ledger import Clock
from plugfn.workflows.model import DryRun, DryStep, RunBody, StepError, StepSpec, StepStatus
from plugfn.workflows.steps import Checker, connection_of, explained, known_fields, rendered


async def rehearse(
    body: RunBody,
    user_id: str,
    values: Mapping[str, Any],
    blocked_by: list[str],
    registry: Registry,
    checker: Checker,
    accounts: Accounts,
    now: Clock,
    invented: bool,
) -> DryRun:
    """Go through everything. All steps are shown, also when the conditions do not hold.

    `invented`: whether the values are made up. What an action says against a made-up value says nothing."""
    verdict = evaluate(body.spec.conditions, values, known_fields(registry, body.spec), now())
    scope, made_up = dict(values), set(values) if invented else set()
    steps = []
    for step in body.spec.steps:
        shown = _simulated(body, step, scope, made_up, registry, checker)
        shown.connection_problem = await _connection_problem(body, step, user_id, registry, accounts)
        steps.append(shown)
        results = samples(result_fields(registry, step))
        scope |= results
        made_up |= results.keys()
    return DryRun(
        holds=verdict.holds, truth=verdict.truth, trace=list(verdict.trace), blocked_by=blocked_by, steps=steps
    )


def _simulated(
    body: RunBody,
    step: StepSpec,
    scope: Mapping[str, Any],
    made_up: set[str],
    registry: Registry,
    checker: Checker,
) -> DryStep:
    shown = DryStep(id=step.id, action=step.action, status=StepStatus.SIMULATED)
    try:
        shown.params = rendered(registry, body.spec, step, scope)
        checker.validate(step.action, shown.params)
    except PlugFnError as error:
        told = error.problems if isinstance(error, InvalidParams) else ()
        places = places_of(step.params, made_up)
        if not told or not all(touches(problem.field, places) for problem in told):
            shown.status, shown.error = explained(error)
    return shown


async def _connection_problem(
    body: RunBody, step: StepSpec, user_id: str, registry: Registry, accounts: Accounts
) -> StepError | None:
    provider = registry.get(step.action.partition(".")[0])
    try:
        await accounts.resolve(provider, user_id, connection_of(body, step))
    except PlugFnError as error:
        return explained(error)[1]
    return None
