"""SendGrid's event webhook: an array of events, each with an id of its own.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks
from plugfn.mail.events import EmailEvent
from plugfn.providers.email_sendgrid.request import REFERENCE
from plugfn.providers.email_sendgrid.signature import verify

log = logging.getLogger("plugfn.webhooks")

NAMES = {
    "processed": "email.processed",
    "deferred": "email.deferred",
    "delivered": "email.delivered",
    "bounce": "email.bounced",
    "dropped": "email.dropped",
    "open": "email.opened",
    "click": "email.clicked",
    "spamreport": "email.complained",
    "unsubscribe": "email.unsubscribed",
    "group_unsubscribe": "email.group_unsubscribed",
    "group_resubscribe": "email.group_resubscribed",
}
"""SendGrid's kinds and ours. A kind that is not here keeps its name and its fields."""

UNKNOWN = "unknown"
"""The name of what does not name its kind."""

_KIND = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOPS = re.compile(r"\.(?:filter|recvd).*", re.DOTALL)
LONGEST = 2000
LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""


def parse(inbound: Inbound, keys: Keys) -> Parsed:
    """The events; whatever one of them is, the others count. Raises WebhookRejected (400) unless it is an array."""
    try:
        found = json.loads(inbound.body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _malformed("it is not JSON") from error
    if not isinstance(found, list):
        raise _malformed("it is not an array of events")
    events = [one for one in found if isinstance(one, dict)]
    if len(events) < len(found):
        log.warning("SendGrid told %d events that are no objects: they are left out", len(found) - len(events))
    connection_id = keys.connection.id if keys.connection else None
    return Parsed(tuple(_event(one, connection_id) for one in events))


def _event(given: dict[str, Any], connection_id: str | None) -> Event:
    told = given.get("event")
    kind = told if isinstance(told, str) and _KIND.fullmatch(told) else UNKNOWN
    payload = _neutral(given).model_dump() if kind in NAMES else given
    return Event(
        "email_sendgrid",
        NAMES.get(kind, kind),
        payload,
        id=_text(given, "sg_event_id")[:200] or None,
        occurred_at=_moment(given),
        connection_id=connection_id,
    )


def _neutral(given: dict[str, Any]) -> EmailEvent:
    return EmailEvent(
        email=_text(given, "email"),
        message_id=_message_id(_text(given, "sg_message_id")),
        reference=_text(given, REFERENCE),
        event_id=_text(given, "sg_event_id"),
        timestamp=_number(given, "timestamp"),
        reason=_text(given, "reason") or _text(given, "response"),
        status=_text(given, "status"),
        kind=_text(given, "type"),
        attempt=_number(given, "attempt"),
        url=_text(given, "url"),
    )


def _message_id(text: str) -> str:
    """`sg_message_id` is the X-Message-Id of the request, and then the machines that the message went through."""
    cut = _HOPS.sub("", text)
    return cut if cut != text else text.partition(".")[0]


def _text(given: dict[str, Any], name: str) -> str:
    found = given.get(name)
    return found[:LONGEST] if isinstance(found, str) else ""


def _number(given: dict[str, Any], name: str) -> int:
    found = str(given.get(name, ""))
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 12 else 0


def _moment(given: dict[str, Any]) -> datetime | None:
    seconds = _number(given, "timestamp")
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= LAST_SECOND else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _malformed(why: str) -> WebhookRejected:
    return WebhookRejected(f"the delivery is malformed: {why}", status=400, code="WEBHOOK_MALFORMED")


WEBHOOKS = Webhooks(verify=verify, parse=parse, per_connection=True)
