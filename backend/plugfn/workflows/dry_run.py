"""What a workflow would do with an event. Conditions, parameters, limits and connections are checked, nothing is sent.

It uses the same evaluation, renderer, validators and step code as a run. Only the part that runs an action is replaced,
by one that checks the parameters and returns a made-up result.
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
from plugfn.workflows.steps import Checker, connection_of, known_fields, rendered, step_error


async def dry_run(
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
    """Go through the whole workflow. All steps are reported, also when the conditions do not hold.

    `invented`: the values are made up, so an action's objections to them are not reported."""
    verdict = evaluate(body.spec.conditions, values, known_fields(registry, body.spec), now())
    scope, made_up = dict(values), set(values) if invented else set()
    steps = []
    for step in body.spec.steps:
        dry_step = _simulated(body, step, scope, made_up, registry, checker)
        dry_step.connection_problem = await _connection_problem(body, step, user_id, registry, accounts)
        steps.append(dry_step)
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
    dry_step = DryStep(id=step.id, action=step.action, status=StepStatus.SIMULATED)
    try:
        dry_step.params = rendered(registry, body.spec, step, scope)
        checker.validate(step.action, dry_step.params)
    except PlugFnError as error:
        problems = error.problems if isinstance(error, InvalidParams) else ()
        places = places_of(step.params, made_up)
        if not problems or not all(touches(problem.field, places) for problem in problems):
            dry_step.status, dry_step.error = step_error(error)
    return dry_step


async def _connection_problem(
    body: RunBody, step: StepSpec, user_id: str, registry: Registry, accounts: Accounts
) -> StepError | None:
    provider = registry.get(step.action.partition(".")[0])
    try:
        await accounts.resolve(provider, user_id, connection_of(body, step))
    except PlugFnError as error:
        return step_error(error)[1]
    return None
