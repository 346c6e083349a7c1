"""The actions: deliver a signed event, read the connection's URL."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from urllib.parse import urlencode

from pydantic import AwareDatetime, Field, StringConstraints
from pydantic_core import to_json

from plugfn.definition import Call, Model, Result
from plugfn.errors import Unexpected
from plugfn.net.answer import Answer
from plugfn.net.charsets import decoded
from plugfn.providers.http.access import HttpAccess
from plugfn.providers.http.definition import provider
from plugfn.providers.http.delivery import deliver, message_id
from plugfn.providers.http.route import request_with_redirects

ACCEPT = "application/json, text/*;q=0.5"
MOST_READ = 262_144
SHORTEST_HIDDEN = 4
HIDDEN = "[hidden]"

Kind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$", max_length=128)]
Parameter = Annotated[str, StringConstraints(max_length=2000)]


class WebhookSend(Model):
    """The event to deliver."""

    type: Kind
    """What happened: words separated by dots, for example `invoice.paid`."""
    data: dict[str, Any]
    timestamp: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When it happened. Default: now."""


class Delivered(Result):
    """A delivery that the receiver accepted."""

    id: str
    """The webhook-id that the receiver got."""
    status: int
    redirects: int


class Fetch(Model):
    """Query parameters for the request."""

    query: dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], Parameter] = Field(
        default={}, max_length=50
    )
    """Added to the URL's own query."""


class Fetched(Result):
    """The answer. `data` is the document if the answer is JSON, else its text."""

    status: int
    content_type: str
    data: Any
    redirects: int


@provider.action(
    "webhooks.send",
    summary="Delivers an event to the connection's URL, signed as in Standard Webhooks.",
    # Repeating it does no harm: the receiver recognises a repeated delivery by its webhook-id.
    safe=True,
    timeout=20.0,
)
async def send_webhook(call: Call[HttpAccess], params: WebhookSend) -> Delivered:
    """Returns when the receiver answers 2xx. Raises the errors of the error table."""
    last = await deliver(call, params.type, params.timestamp, params.data)
    return Delivered(id=message_id(call), status=last.answer.status, redirects=last.redirects)


@provider.action("requests.get", summary="Reads the connection's URL.", safe=True, timeout=20.0)
async def fetch(call: Call[HttpAccess], params: Fetch) -> Fetched:
    """The answer, up to 256 KiB, with the connection's secrets hidden. Raises the errors of the error table."""
    here = call.credentials.address
    there = replace(here, query="&".join(part for part in (here.query, urlencode(params.query)) if part))
    last = await request_with_redirects(call, "GET", there, headers={"accept": ACCEPT}, max_bytes=MOST_READ)
    answer = last.answer
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:100]
    return Fetched(
        status=answer.status, content_type=kind, data=_data(answer, kind, call.credentials), redirects=last.redirects
    )


def _data(answer: Answer, kind: str, access: HttpAccess) -> Any:
    """The document or text of an answer, with secrets hidden: a server may repeat what it was sent."""
    text = decoded(answer.body, answer.headers.get("content-type", ""))
    for secret in access.hidden:
        if len(secret) >= SHORTEST_HIDDEN:
            text = text.replace(secret, HIDDEN).replace(json.dumps(secret)[1:-1], HIDDEN)
    if kind != "application/json" and not kind.endswith("+json"):
        return text
    try:
        document = json.loads(text, parse_constant=_no_json)
        to_json(document)  # raises for lone surrogates and very deep nesting, which cannot be stored or sent on
    except (ValueError, RecursionError):
        raise Unexpected("the answer cannot be read as JSON, despite its content type", code="not_json") from None
    return document


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)
