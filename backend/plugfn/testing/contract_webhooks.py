"""The provider contract for webhooks: its example events are read, and forged deliveries are rejected.

An example is a file fixtures/events/<event>.json, or <event>.<variant>.json for more of them:

    {"delivery": <the body as JSON>, "headers": {<headers that are read, except the signature>}, …}

The delivery of <event>.json must give events of that name only. A file may have more, for the provider's own tests.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import Provider
from plugfn.errors import PlugFnError, WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Webhooks
from plugfn.testing.contract_models import filled

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
JSON = {"content-type": "application/json"}
REJECTS = (WebhookRejected, ValueError, LookupError, TypeError, AttributeError)
"""Exceptions that the library treats as a rejection."""

STAMPS = ("", "0", str(int(NOON.timestamp())), "9" * 30, "9" * 5000, "-1", "1e400", "NaN", "١٢٣")
SIGNATURES = (
    "",
    "x",
    "0" * 64,
    "sha256=" + "0" * 64,
    "v0=" + "0" * 64,
    "v1,AAAA",
    "MAYCAQACAQA=",
    "é",
    "\udce9",
    "=" * 9,
)


def webhook_problems(provider: Provider, folder: Path) -> Iterator[str]:
    """Problems of verifying and reading deliveries."""
    if bool(provider.triggers) != (provider.webhooks is not None):
        yield "a provider needs both triggers and webhooks, or neither"
    if provider.webhooks is None:
        return
    examples = [*_examples(folder)]
    for trigger in provider.triggers:
        if trigger.name not in {example.name for example in examples}:
            yield f"fixtures/events has no example of {trigger.name}"
    for example in examples:
        yield from _read(provider, provider.webhooks, example)
    yield from _forged(
        provider, provider.webhooks, [b'{"a": 1}', b"[]", b"\xff", *(example.body for example in examples[:1])]
    )


@dataclass(frozen=True)
class Example:
    """One example file. `body` is empty when it has no delivery."""

    name: str
    body: bytes
    headers: Mapping[str, str]


def _examples(folder: Path) -> Iterator[Example]:
    for path in sorted((folder / "fixtures" / "events").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        document = document if isinstance(document, dict) else {}
        body = json.dumps(document["delivery"]).encode() if "delivery" in document else b""
        yield Example(path.stem, body, JSON | document.get("headers", {}))


def _keys(provider: Provider, *secrets: str) -> Keys:
    connection = Connection("c", "ana", provider.name, ConnectionStatus.ACTIVE, NOON, NOON)
    return Keys(secrets, connection, filled(provider.credentials))


def _read(provider: Provider, webhooks: Webhooks, example: Example) -> Iterator[str]:
    where = f"fixtures/events/{example.name}.json"
    if not example.body:
        yield f'{where} has no "delivery"'
        return
    try:
        parsed = webhooks.parse(Inbound(example.body, example.headers, received_at=NOON), _keys(provider))
    except (PlugFnError, *REJECTS) as error:
        yield f"{where} cannot be read: {type(error).__name__}"
        return
    names = {event.name for event in parsed.events}
    if example.name in {trigger.name for trigger in provider.triggers} and names != {example.name}:
        yield f"{where} is read as {', '.join(sorted(names)) or 'nothing'}"
    for event in parsed.events:
        yield from _declared(provider, event, where)


def _declared(provider: Provider, event: Event, where: str) -> Iterator[str]:
    if event.provider != provider.name:
        yield f"{where}: the event has the provider {event.provider}"
    for trigger in provider.triggers:
        if trigger.name == event.name:
            try:
                trigger.payload.model_validate(dict(event.payload))
            except ValidationError:
                yield f"{where} lacks fields that {trigger.name} declares"


class _Answers(dict[str, str]):
    """Headers that have a value for every name: JSON, a time, else a signature."""

    def __init__(self, stamp: str, signature: str) -> None:
        super().__init__(JSON)
        self._stamp, self._signature = stamp, signature

    def __missing__(self, name: str) -> str:
        return self._stamp if "time" in name else self._signature

    def get(self, name: str, default: Any = None) -> Any:
        """Never missing."""
        return self[name]


def _forged(provider: Provider, webhooks: Webhooks, bodies: list[bytes]) -> Iterator[str]:
    variants: list[Mapping[str, str]] = [{}, *(_Answers(stamp, proof) for stamp in STAMPS for proof in SIGNATURES)]
    problems: set[str] = set()
    for keys in (Keys(), _keys(provider), _keys(provider, "a-secret"), Keys(("",)), Keys(("é",))):
        for body in (b"", *bodies):
            problems |= {_passes(webhooks, Inbound(body, headers, received_at=NOON), keys) for headers in variants}
    yield from sorted(problems - {""})


def _passes(webhooks: Webhooks, inbound: Inbound, keys: Keys) -> str:
    try:
        webhooks.verify(inbound, keys)
    except REJECTS:
        return ""
    except Exception as error:  # noqa: BLE001 - any other exception would let anyone cause a server error
        return f"a forged delivery must be rejected, but raises {type(error).__name__}"
    return "a forged delivery is accepted"
