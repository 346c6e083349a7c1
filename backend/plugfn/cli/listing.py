"""Lists of providers and of attempts."""

from collections.abc import Sequence
from typing import Any

from plugfn.cli.output import out, table
from plugfn.errors import ConfigurationError
from plugfn.providers import BUILT_IN, load
from plugfn.storage.records import ActionLog
from plugfn.web.core import describe

HOW = {"oauth2": "OAuth 2.0", "form": "credentials that they type in"}
ATTEMPT = ("started_at", "provider", "attempt", "outcome", "error", "code", "milliseconds", "call_id")


def described(name: str | None) -> list[dict[str, Any]]:
    """All built-in providers, or the one named. Raises UnknownName; with a name, also ConfigurationError."""
    if name is not None:
        return [describe(load(name))]
    return [_described(known) for known in BUILT_IN]


def _described(name: str) -> dict[str, Any]:
    try:
        return describe(load(name))
    except ConfigurationError as error:
        return {"name": name, "label": name, "auth": "", "actions": [], "events": [], "missing": str(error)}


def show_all(providers: Sequence[dict[str, Any]]) -> None:
    """One line for each provider."""
    rows = [
        [provider["name"], provider["label"], provider["auth"], _names(provider["actions"]), _names(provider["events"])]
        for provider in providers
    ]
    table(("name", "label", "auth", "actions", "events"), rows, "No providers.")
    for provider in providers:
        if "missing" in provider:
            out.print(f"{provider['name']}: {provider['missing']}", style="yellow", markup=False)


def show_one(provider: dict[str, Any]) -> None:
    """Everything about one provider."""
    out.print(f"{provider['label']} ({provider['name']}): users connect with {HOW[provider['auth']]}.", markup=False)
    out.print(f"{provider['docs_url']}\n", markup=False)
    rows = [[action["name"], "yes" if action["safe"] else "", action["summary"]] for action in provider["actions"]]
    table(("action", "safe to repeat", "what it does"), rows, "No actions.")
    out.print()
    table(("event", "when"), [[event["name"], event["summary"]] for event in provider["events"]], "No events.")
    if provider["credentials"]:
        out.print()
        fields = provider["credentials"].get("properties", {})
        needed = set(provider["credentials"].get("required", ()))
        rows = [[name, "yes" if name in needed else "", field.get("description", "")] for name, field in fields.items()]
        table(("credential", "required", "what it is"), rows, "No credentials.")


def _names(listed: Sequence[dict[str, Any]]) -> str:
    return ", ".join(item["name"] for item in listed)


def attempts(rows: Sequence[ActionLog]) -> list[dict[str, Any]]:
    """The columns of each attempt that are printed."""
    return [{name: getattr(row, name) for name in ATTEMPT} | {"action": f"{row.provider}.{row.action}"} for row in rows]
