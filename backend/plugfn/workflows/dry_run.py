"""What a workflow would do with an event: conditions, parameters, limits and connections for real, and no effect.

The same evaluation, renderer, validators and step code as a run. Only what runs an action is replaced: by something
that checks the parameters and answers with a made-up result.
"""

from collections.abc import Mapping
from typing import Any

from plugfn.errors import PlugFnError
from plugfn.workflows.checking import Accounts, Registry, result_fields
from plugfn.workflows.evaluation import evaluate
from plugfn.workflows.fields import samples
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
) -> DryRun:
    """Go through everything. All steps are shown, also when the conditions do not hold."""
    verdict = evaluate(body.spec.conditions, values, known_fields(registry, body.spec), now())
    scope = dict(values)
    steps = []
    for step in body.spec.steps:
        steps.append(await _step(body, step, user_id, scope, registry, checker, accounts))
        scope |= samples(result_fields(registry, step))
    return DryRun(
        holds=verdict.holds, truth=verdict.truth, trace=list(verdict.trace), blocked_by=blocked_by, steps=steps
    )


async def _step(
    body: RunBody,
    step: StepSpec,
    user_id: str,
    scope: Mapping[str, Any],
    registry: Registry,
    checker: Checker,
    accounts: Accounts,
) -> DryStep:
    shown = DryStep(id=step.id, action=step.action, status=StepStatus.SIMULATED)
    shown.connection_problem = await _connection_problem(body, step, user_id, registry, accounts)
    try:
        filled = rendered(registry, body.spec, step, scope)
        shown.params = filled
        checker.validate(step.action, filled)
    except PlugFnError as error:
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
