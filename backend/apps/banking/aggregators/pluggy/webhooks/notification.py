"""Read a webhook of Pluggy's: the kind of event, its id, and its subject. Ponte uses nothing else in it.

https://docs.pluggy.ai/docs/webhooks: `eventId` is the same in every redelivery and for every endpoint; `id` is the id
of the entity, not of the event.
"""

import json
import re

from apps.banking.aggregators.contract import Malformed, Notification, Subject

_ID = re.compile(r"[!-~]{1,100}", re.ASCII)
# The column's width.
EVENT_LENGTH = 100


def read_notification(body: bytes) -> Notification:
    """The notification in a raw body. Raises Malformed."""
    content = _object(body)
    event, event_id = _text(content, "event"), _text(content, "eventId")
    # Pluggy disables a subscription after many refusals, so a kind of tomorrow must pass, whatever its form. No control
    # character and no character that reverses the direction of text is printable, so a kind cannot forge a log line.
    if not 1 <= len(event) <= EVENT_LENGTH or not event.isprintable():
        raise Malformed("event is not of the expected form")
    if not _ID.fullmatch(event_id):
        raise Malformed("eventId is not of the expected form")
    subject, vendor_id = _about(event, event_id, content)
    return Notification(event, event_id, subject, vendor_id)


def _object(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body.decode())
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(content, dict):
        raise Malformed("the body is not a JSON object")
    return content


def _text(content: dict[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing or not a string")
    return value


def _about(event: str, event_id: str, content: dict[str, object]) -> tuple[Subject, str]:
    """The subject: the item, the connector, or else the event itself."""
    group = event.partition("/")[0]
    if group in ("item", "transactions"):
        item_id = _id(content, "itemId") or (_id(content, "id") if group == "item" else None)
        if item_id:
            return Subject.ITEM, item_id
    if group == "connector" and (connector_id := _id(content, "connectorId") or _id(content, "id")):
        return Subject.INSTITUTION, connector_id
    return Subject.EVENT, event_id


def _id(content: dict[str, object], name: str) -> str | None:
    # Pluggy may send a connector's id as a number or as a string.
    value = content.get(name)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None
