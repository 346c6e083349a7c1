"""The actions: deliver a signed event, read an address."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from urllib.parse import urlencode

from pydantic import AwareDatetime, Field, StringConstraints
from pydantic_core import to_json

from plugfn.definition import Call, Model, Result
from plugfn.errors import Unexpected
from plugfn.net.answer import Answer
from plugfn.providers.http.access import HttpAccess
from plugfn.providers.http.definition import provider
from plugfn.providers.http.delivery import deliver, message_id
from plugfn.providers.http.route import travel

ACCEPT = "application/json, text/*;q=0.5"
MOST_READ = 262_144
SHORTEST_HIDDEN = 4
HIDDEN = "[hidden]"

_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)

Kind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$", max_length=128)]
Parameter = Annotated[str, StringConstraints(max_length=2000)]


class WebhookSend(Model):
    """One event to deliver."""

    type: Kind
    """What happened: words with full stops between, as `invoice.paid`."""
    data: dict[str, Any]
    timestamp: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When it happened; default: now."""


class Delivered(Result):
    """A delivery that the receiver has accepted."""

    id: str
    """The webhook-id that the receiver was given."""
    status: int
    redirects: int


class Fetch(Model):
    """What to ask the address for."""

    query: dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], Parameter] = Field(
        default={}, max_length=50
    )
    """Added to the address's own query."""


class Fetched(Result):
    """What the address answered. `data` is the document of a JSON answer, else its text."""

    status: int
    content_type: str
    data: Any
    redirects: int


@provider.action(
    "webhooks.send",
    summary="Deliver an event, signed by Standard Webhooks, to the connection's address.",
    # Doing it twice does no harm: the receiver knows a repetition by its webhook-id.
    safe=True,
    timeout=20.0,
)
async def send_webhook(call: Call[HttpAccess], params: WebhookSend) -> Delivered:
    """The receiver's status once it is 2xx. Raises as the error table says."""
    arrived = await deliver(call, params.type, params.timestamp, params.data)
    return Delivered(id=message_id(call), status=arrived.answer.status, redirects=arrived.redirects)


@provider.action("requests.get", summary="Read the connection's address.", safe=True, timeout=20.0)
async def fetch(call: Call[HttpAccess], params: Fetch) -> Fetched:
    """The answer, up to 256 KiB, without what the connection keeps secret. Raises as the error table says."""
    here = call.credentials.address
    there = replace(here, query="&".join(part for part in (here.query, urlencode(params.query)) if part))
    arrived = await travel(call, "GET", there, headers={"accept": ACCEPT}, max_bytes=MOST_READ)
    answer = arrived.answer
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:100]
    return Fetched(
        status=answer.status, content_type=kind, data=_data(answer, kind, call.credentials), redirects=arrived.redirects
    )


def _data(answer: Answer, kind: str, access: HttpAccess) -> Any:
    """The document or text of an answer. A server that repeats what it was sent does not get secrets past here."""
    text = _text(answer)
    for secret in access.hidden:
        if len(secret) >= SHORTEST_HIDDEN:
            text = text.replace(secret, HIDDEN).replace(json.dumps(secret)[1:-1], HIDDEN)
    if kind != "application/json" and not kind.endswith("+json"):
        return text
    try:
        document = json.loads(text, parse_constant=_no_json)
        to_json(document)  # half a character, or nested without end: nobody could keep or pass on such a result
    except (ValueError, RecursionError):
        raise Unexpected("the answer is not the JSON it claims to be", code="not_json") from None
    return document


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _text(answer: Answer) -> str:
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        return answer.body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return answer.body.decode("utf-8", "replace")
