"""What can be listed: providers and attempts."""

from collections.abc import Sequence
from typing import Any

from plugfn.cli.output import out, table
from plugfn.errors import ConfigurationError
from plugfn.providers import BUILT_IN, load
from plugfn.storage.records import ActionLog
from plugfn.web.core import describe

ATTEMPT = ("started_at", "provider", "attempt", "outcome", "error", "code", "milliseconds", "call_id")


def described(name: str | None) -> list[dict[str, Any]]:
    """The built-in providers, or the one of that name. Raises UnknownName; ConfigurationError for one alone."""
    if name is not None:
        return [describe(load(name))]
    return [_described(one) for one in BUILT_IN]


def _described(name: str) -> dict[str, Any]:
    try:
        return describe(load(name))
    except ConfigurationError as error:
        return {"name": name, "label": name, "auth": "", "actions": [], "events": [], "missing": str(error)}


def show_all(found: Sequence[dict[str, Any]]) -> None:
    """One line each."""
    rows = [[one["name"], one["label"], one["auth"], _names(one["actions"]), _names(one["events"])] for one in found]
    table(("name", "label", "auth", "actions", "events"), rows, "There are none.")
    for one in found:
        if "missing" in one:
            out.print(f"{one['name']}: {one['missing']}", style="yellow", markup=False)


def show_one(found: dict[str, Any]) -> None:
    """Everything of one."""
    out.print(f"{found['label']} ({found['name']}), {found['auth']}\n{found['docs_url']}\n", markup=False)
    rows = [[one["name"], "yes" if one["safe"] else "", one["summary"]] for one in found["actions"]]
    table(("action", "safe", ""), rows, "No actions.")
    out.print()
    table(("event", ""), [[one["name"], one["summary"]] for one in found["events"]], "No events.")
    if found["credentials"]:
        out.print()
        fields = found["credentials"].get("properties", {})
        needed = set(found["credentials"].get("required", ()))
        rows = [[name, "yes" if name in needed else "", one.get("description", "")] for name, one in fields.items()]
        table(("credential", "required", ""), rows, "No credentials.")


def _names(listed: Sequence[dict[str, Any]]) -> str:
    return ", ".join(one["name"] for one in listed)


def attempts(rows: Sequence[ActionLog]) -> list[dict[str, Any]]:
    """Attempts as they are shown."""
    return [{name: getattr(row, name) for name in ATTEMPT} | {"action": f"{row.provider}.{row.action}"} for row in rows]
