"""What every provider's folder must contain. `problems(provider, folder)` lists what is wrong; [] means nothing is.

fixtures/errors.json is a list with an example for each row of the error table:

    {"status": 404, "headers": {…}, "body": <JSON or text>, "error": "NotFound", "code": "not_found", …}

`error` is the expected class and `code` its code. OutcomeUnknown means an Unavailable after which the call may have
been done. A provider that does not speak HTTP omits `status`. contract_webhooks describes fixtures/events.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plugfn.definition import OAuth2, Provider
from plugfn.errors import PlugFnError, Unavailable
from plugfn.net.answer import Answer, ErrorTable
from plugfn.resilience.retry import POLICIES
from plugfn.testing.contract_models import model_problems
from plugfn.testing.contract_webhooks import webhook_problems

FILES = ("__init__.py", "definition.py", "README.md", "icon.svg")
MOST_ICON = 4096
MOST_TIMEOUT = 300.0
_ACTIVE = re.compile(r"<(script|foreignObject|image|use|iframe|!)|href|url\(|\son\w+\s*=", re.IGNORECASE)


def problems(provider: Provider, folder: Path) -> list[str]:
    """What is wrong; [] when nothing is."""
    checks = (_files, _actions, _documented, _errors, _connecting, _icon, webhook_problems)
    wrong = [problem for check in checks for problem in check(provider, folder)]
    return wrong + list(model_problems(provider))


def _files(_provider: Provider, folder: Path) -> Iterator[str]:
    for name in FILES:
        if not (folder / name).is_file():
            yield f"{name} is missing"
    if not list(folder.glob("test_*.py")):
        yield "the folder has no test_*.py"


def _actions(provider: Provider, _folder: Path) -> Iterator[str]:
    if not provider.actions:
        yield "the provider has no actions"
    for name, action in provider.actions.items():
        if action.retry not in POLICIES:
            yield f"{name}: no retry policy is called {action.retry!r}"
        if not 0 < action.timeout <= MOST_TIMEOUT:
            yield f"{name}: the timeout must be at most {MOST_TIMEOUT:.0f} seconds"
        if not action.summary.endswith("."):
            yield f"{name}: the summary must be a sentence"


def _documented(provider: Provider, folder: Path) -> Iterator[str]:
    text = (folder / "README.md").read_text(encoding="utf-8") if (folder / "README.md").is_file() else ""
    statuses = [f"http_{status}" for status in provider.errors.statuses]
    names = [*provider.actions, *(trigger.name for trigger in provider.triggers), *provider.errors.codes, *statuses]
    for name in names:
        if f"`{name}`" not in text:
            yield f"README.md does not mention `{name}`"


def _errors(provider: Provider, folder: Path) -> Iterator[str]:
    table = provider.errors
    if not table.codes and not table.statuses:
        return
    try:
        rows = json.loads((folder / "fixtures" / "errors.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield "fixtures/errors.json cannot be read"
        return
    for code in table.codes.keys() - {row["code"] for row in rows}:
        yield f"fixtures/errors.json has no answer with the code {code}"
    for status in table.statuses.keys() - {row.get("status") for row in rows}:
        yield f"fixtures/errors.json has no answer with the status {status}"
    for row in rows:
        errors, code = _raised(table, row) if "status" in row else _listed(table, row)
        if row["error"] not in errors or not _same(table, code, row["code"]):
            yield f"fixtures/errors.json: {row['code']} raises {errors[0]} ({code}), not {row['error']} ({row['code']})"


def _raised(table: ErrorTable, row: Mapping[str, Any]) -> tuple[list[str], str]:
    """The names of the raised error (two if the outcome is unknown), and its code."""
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    try:
        table.check(Answer(row["status"], row.get("headers", {}), body.encode()))
    except PlugFnError as error:
        unclear = isinstance(error, Unavailable) and error.maybe_done
        return [type(error).__name__, *(["OutcomeUnknown"] if unclear else [])], error.code
    return ["no error"], ""


def _listed(table: ErrorTable, row: Mapping[str, Any]) -> tuple[list[str], str]:
    means = table.codes.get(row["code"])
    return (["no error"], "") if means is None else ([means.error.__name__], row["code"])


def _same(table: ErrorTable, raised: str, code: str) -> bool:
    """Whether it is this code, or another code of the same row."""
    return raised == code or (raised in table.codes and table.codes.get(raised) is table.codes.get(code))


def _connecting(provider: Provider, _folder: Path) -> Iterator[str]:
    if provider.test is None:
        yield "the provider has no `test` function"
    if isinstance(provider.auth, OAuth2):
        for url in (provider.auth.authorize_url, provider.auth.token_url):
            if not url.startswith("https://"):
                yield "the OAuth URLs must be https"
        if provider.auth.read_tokens is None and provider.identify is None:
            yield "`read_tokens` or `identify` must return the account of a connection"


def _icon(_provider: Provider, folder: Path) -> Iterator[str]:
    icon = folder / "icon.svg"
    text = icon.read_text(encoding="utf-8") if icon.is_file() else ""
    if len(text.encode()) > MOST_ICON:
        yield "icon.svg is larger than 4 KB"
    if _ACTIVE.search(text):
        yield "icon.svg must not run or load anything"
    if text and not (text.startswith("<svg ") and 'viewBox="0 0 24 24"' in text):
        yield "icon.svg is not an <svg> of 24 by 24"
