"""Deliveries to the connection: JSON that Standard Webhooks signs with the connection's secret, or the operator's."""

import re
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from plugfn.definition import Result, Trigger
from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks
from plugfn.providers.http.access import HttpAccess
from plugfn.webhooks import standard

NAME = "event.received"

_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Received(Result):
    """A signed event."""

    type: str
    """What happened, in the sender's words: `invoice.paid`."""
    data: dict[str, Any] = Field(default={}, repr=False)


TRIGGERS = (Trigger(NAME, Received, "Somebody with the secret posted an event to the connection's URL."),)


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless one of the secrets signed the delivery in the last five minutes."""
    own = keys.credentials.secrets if isinstance(keys.credentials, HttpAccess) else ()
    standard.verify(inbound, (*own, *keys.secrets))


def parse(inbound: Inbound, keys: Keys) -> Parsed:
    """One event. Raises WebhookRejected (400) unless it has a type, and its data, if any, is an object."""
    try:
        document = inbound.document
    except (ValueError, RecursionError):
        document = None
    fields = document if isinstance(document, dict) else {}
    kind, data = fields.get("type"), fields.get("data", {})
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or not isinstance(data, dict):
        raise WebhookRejected(
            "the delivery is malformed: it is no object with a type", status=400, code="WEBHOOK_MALFORMED"
        )
    event = Event(
        "http",
        NAME,
        {"type": kind, "data": data},
        id=inbound.headers.get("webhook-id"),
        occurred_at=_moment(fields.get("timestamp")),
        connection_id=keys.connection.id if keys.connection else None,
    )
    return Parsed((event,))


def _moment(text: Any) -> datetime | None:
    """None for what is no time with a zone: the sender's clock is not what matters."""
    try:
        return _MOMENT.validate_python(text) if isinstance(text, str) else None
    except ValidationError:
        return None


WEBHOOKS = Webhooks(verify, parse, per_connection=True, max_bytes=262_144)
