"""What every provider's folder must be. `problems(provider, folder)` lists what is not; an empty list is good."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretBytes, SecretStr

from plugfn.definition import Form, OAuth2, Provider
from plugfn.errors import WebhookRejected
from plugfn.resilience.retry import POLICIES
from plugfn.webhooks.inbound import Inbound, Keys

FILES = ("__init__.py", "definition.py", "README.md", "icon.svg")
MOST_ICON = 4096
MOST_TIMEOUT = 300.0


def problems(provider: Provider, folder: Path) -> list[str]:
    """What is wrong, in words; [] when nothing is."""
    checks = (_files, _actions, _documented, _errors, _events, _webhooks, _credentials, _icon)
    return [problem for check in checks for problem in check(provider, folder)]


def _files(_provider: Provider, folder: Path) -> Iterator[str]:
    for name in FILES:
        if not (folder / name).is_file():
            yield f"{name} is missing"
    if not list(folder.glob("test_*.py")):
        yield "there are no tests"


def _actions(provider: Provider, _folder: Path) -> Iterator[str]:
    if not provider.actions:
        yield "there are no actions"
    for name, action in provider.actions.items():
        if action.params.model_config.get("extra") != "forbid":
            yield f"{name}: unknown parameters are not refused"
        if action.retry not in POLICIES:
            yield f"{name}: there is no retry policy {action.retry!r}"
        if not 0 < action.timeout <= MOST_TIMEOUT:
            yield f"{name}: the timeout is not within {MOST_TIMEOUT:.0f} seconds"
        if not action.summary.endswith("."):
            yield f"{name}: the summary is not a sentence"


def _documented(provider: Provider, folder: Path) -> Iterator[str]:
    text = (folder / "README.md").read_text(encoding="utf-8") if (folder / "README.md").is_file() else ""
    named = [*provider.actions, *(trigger.name for trigger in provider.triggers), *provider.errors.codes]
    for name in named:
        if f"`{name}`" not in text:
            yield f"README.md does not name `{name}`"


def _errors(provider: Provider, folder: Path) -> Iterator[str]:
    """One captured answer for each row of the table."""
    if not provider.errors.codes:
        return
    try:
        captured = json.loads((folder / "fixtures" / "errors.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield "fixtures/errors.json cannot be read"
        return
    for code in provider.errors.codes.keys() - {one["code"] for one in captured}:
        yield f"fixtures/errors.json has no answer with the code {code}"


def _events(provider: Provider, folder: Path) -> Iterator[str]:
    for trigger in provider.triggers:
        if not list((folder / "fixtures" / "events").glob(f"{trigger.name}*.json")):
            yield f"fixtures/events has no delivery of {trigger.name}"


def _webhooks(provider: Provider, _folder: Path) -> Iterator[str]:
    """Nothing passes that proves nothing."""
    if bool(provider.triggers) != (provider.webhooks is not None):
        yield "events and webhooks go together"
    if provider.webhooks is None:
        return
    for keys in (Keys(), Keys(("a-secret",))):
        try:
            provider.webhooks.verify(Inbound(b'{"a": 1}'), keys)
        except (WebhookRejected, ValueError, LookupError, TypeError, AttributeError):
            continue
        yield "a delivery that proves nothing passes"


def _credentials(provider: Provider, _folder: Path) -> Iterator[str]:
    if provider.test is None:
        yield "a connection cannot be tested"
    if isinstance(provider.auth, OAuth2):
        if not provider.auth.authorize_url.startswith("https://") or not provider.auth.token_url.startswith("https://"):
            yield "the OAuth addresses are not https"
    elif isinstance(provider.auth, Form) and not _has_secret(provider):
        yield "the credentials have no secret"


def _has_secret(provider: Provider) -> bool:
    kinds = [str(field.annotation) for field in provider.credentials.model_fields.values()]
    return any(secret.__name__ in kind for kind in kinds for secret in (SecretStr, SecretBytes))


def _icon(_provider: Provider, folder: Path) -> Iterator[str]:
    icon = folder / "icon.svg"
    text = icon.read_text(encoding="utf-8") if icon.is_file() else ""
    if len(text) > MOST_ICON:
        yield "icon.svg is bigger than 4 KB"
    if "<script" in text or "href" in text:
        yield "icon.svg must not run or load anything"
