"""What the tools of integrations share: which integration a call uses, its limit, and errors in an agent's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Arguments
from apps.agents.failures import Refusal
from apps.integrations.faults import as_ponte
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from plugfn.errors import InvalidParams, PlugFnError
from plugfn.resilience.budget import Budget

# Calls of one tool in an hour, for each integration.
CALLS = 30
HOUR = 3600


class OfIntegration(Arguments):
    """Which integration to use."""

    integration_id: Annotated[
        UUID | None, Field(description="Which one, if the client has several; the error lists their ids.")
    ] = None


def integration_of(caller: Caller, number: UUID | None, *providers: str) -> Integration:
    """The integration that the call names, or the only one at these providers. Raises Refusal."""
    rows = caller.rows(Integration).filter(provider__in=providers).order_by("created_at")
    found: list[Integration] = list(rows.filter(pk=number) if number else rows)
    if not found:
        advice = "Tell the person to connect one under Integrations in Ponte."
        raise Refusal("INTEGRATION_NOT_FOUND", "The client has no such integration.", advice)
    if len(found) > 1:
        names = {str(row.pk): row.title for row in found}
        raise Refusal("SEVERAL_INTEGRATIONS", "The client has several.", "Name one by `integration_id`.", names)
    return found[0]


def limit(integration: Integration, tool: str) -> None:
    """Count a call. Raises Refusal if the tool was called too often."""
    wait = plug().shared.take(Budget(f"tool:{integration.pk.hex}:{tool}", CALLS, HOUR))
    if wait:
        advice = f"Call again in {int(wait) + 1} seconds at the earliest."
        raise Refusal("TOOL_LIMIT", f"At most {CALLS} calls an hour.", advice)


@contextmanager
def explained() -> Iterator[None]:
    """PlugFn's errors inside become errors that an agent can read."""
    try:
        yield
    except InvalidParams as error:
        problems = {problem.field or "arguments": problem.reason for problem in error.problems}
        raise Refusal("INVALID_INPUT", "Some arguments are not valid.", "Correct them.", problems) from None
    except PlugFnError as error:
        raise as_ponte(error) from None
