"""SendGrid's event webhook: each delivery is an array of events, and each event has its own id.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks, too_many_events
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
"""SendGrid's name of each event, and ours. An event that is not listed keeps its name and its fields."""

UNKNOWN = "unknown"
"""The name of an event that has no valid name."""

_KIND = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOPS = re.compile(r"\.(?:filter|recvd).*", re.DOTALL)
LONGEST = 2000
MOST_EVENTS = 4_000
"""SendGrid sends at most 768 KB at once, and its smallest events have about 200 bytes."""
LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""


def parse(inbound: Inbound, keys: Keys) -> Parsed:
    """The events; a malformed event does not affect the others. Raises WebhookRejected (400) unless it is an array."""
    try:
        rows = json.loads(inbound.body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _malformed("it is not JSON") from error
    if not isinstance(rows, list):
        raise _malformed("it is not an array of events")
    if len(rows) > MOST_EVENTS:
        raise too_many_events(MOST_EVENTS)
    events = [row for row in rows if isinstance(row, dict)]
    if len(events) < len(rows):
        log.warning("ignored %d events of SendGrid that are not objects", len(rows) - len(events))
    connection_id = keys.connection.id if keys.connection else None
    return Parsed(tuple(_event(event, connection_id) for event in events))


def _event(row: dict[str, Any], connection_id: str | None) -> Event:
    name = row.get("event")
    kind = name if isinstance(name, str) and _KIND.fullmatch(name) else UNKNOWN
    payload = _neutral(row).model_dump() if kind in NAMES else row
    return Event(
        "email_sendgrid",
        NAMES.get(kind, kind),
        payload,
        id=_text(row, "sg_event_id")[:200] or None,
        occurred_at=_moment(row),
        connection_id=connection_id,
    )


def _neutral(row: dict[str, Any]) -> EmailEvent:
    return EmailEvent(
        email=_text(row, "email"),
        message_id=_message_id(_text(row, "sg_message_id")),
        reference=_text(row, REFERENCE),
        event_id=_text(row, "sg_event_id"),
        timestamp=_number(row, "timestamp"),
        reason=_text(row, "reason") or _text(row, "response"),
        status=_text(row, "status"),
        kind=_text(row, "type"),
        attempt=_number(row, "attempt"),
        url=_text(row, "url"),
    )


def _message_id(text: str) -> str:
    """The X-Message-Id of the request: `sg_message_id` without the machines that the message went through."""
    cut = _HOPS.sub("", text)
    return cut if cut != text else text.partition(".")[0]


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value[:LONGEST] if isinstance(value, str) else ""


def _number(row: dict[str, Any], name: str) -> int:
    text = str(row.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0


def _moment(row: dict[str, Any]) -> datetime | None:
    seconds = _number(row, "timestamp")
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= LAST_SECOND else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _malformed(why: str) -> WebhookRejected:
    return WebhookRejected(f"the delivery is malformed: {why}", status=400, code="WEBHOOK_MALFORMED")


WEBHOOKS = Webhooks(verify=verify, parse=parse, per_connection=True, max_events=MOST_EVENTS)
