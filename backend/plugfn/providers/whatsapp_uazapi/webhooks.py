"""uazapi's deliveries: proven by the token in them, read leniently, stripped of everything that is not ours to keep.

uazapi signs nothing. What proves a delivery is its unguessable address (checked before we are asked) and the instance's
token, which stands in every body: so no body is kept, logged or passed on, only the few fields that events declare.
"""

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from plugfn.definition import Result
from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.messages import is_conversation, message_of
from plugfn.providers.whatsapp_uazapi.vocabulary import ConnectionChange, MessageState, MessageStatus
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import from_digits, from_jid, same
from plugfn.providers.whatsapp_uazapi.wire import flag, moment, state_of, words

PROVIDER = "whatsapp_uazapi"
MOST_IDS = 1000


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless the body is JSON and holds this connection's token, account and instance."""
    credentials = keys.credentials
    if not isinstance(credentials, UazapiInstance):
        raise WebhookRejected("there is nothing to prove the delivery with", code="WEBHOOK_SECRET_NOT_FOUND")
    if inbound.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WebhookRejected("the delivery is not JSON", status=415, code="WEBHOOK_CONTENT_TYPE")
    body = _body(inbound)
    told, known = words(body.get("token")), credentials.token.get_secret_value()
    if not compare_digest(told.encode("utf-8", "replace"), known.encode()):
        raise WebhookRejected("the delivery does not hold this instance's token")
    if not _is_of(body, credentials):
        raise WebhookRejected("the delivery is of another account")


def _is_of(body: Mapping[str, Any], credentials: UazapiInstance) -> bool:
    """Whether account and instance are those of the connection, as far as both sides name them."""
    name, owner = words(body.get("instanceName")), from_digits(words(body.get("owner")))
    if credentials.instance_name and name and name != credentials.instance_name:
        return False
    return not (credentials.phone and owner) or same(owner, credentials.phone)


def parse(inbound: Inbound, keys: Keys) -> Parsed:
    """The events of a verified delivery. What uazapi tells besides (presence, calls …) has none and is no error."""
    body = _body(inbound)
    connection = keys.connection.id if keys.connection else None
    kind = words(body.get("EventType")) or words(body.get("event"))
    readers = {"messages": _message, "messages_update": _receipts, "connection": _connection}
    read = readers.get(kind, _nothing)
    return Parsed(tuple(_event(connection, name, key, payload) for name, key, payload in read(body)))


Read = tuple[str, str | None, Result]
"""An event's name, its id, its payload."""


def _event(connection: str | None, name: str, key: str | None, payload: Result) -> Event:
    at = getattr(payload, "sent_at", None) or getattr(payload, "at", None)
    kept = payload.model_dump(mode="json")
    return Event(PROVIDER, name, kept, id=key, occurred_at=at, connection_id=connection)


def _message(body: Mapping[str, Any]) -> list[Read]:
    wire, chat = _object(body, "message"), _object(body, "chat")
    identity = words(wire.get("messageid")) or words(wire.get("id")).rpartition(":")[2]
    if not identity or flag(wire.get("wasSentByApi")) or not is_conversation(wire):
        return []
    payload = message_of(identity, wire, chat)
    if payload.from_owner and (words(wire.get("track_id")) or payload.group):
        # An echo of what was sent through the API; and what the owner writes in groups concerns nobody here.
        return []
    name = "message.received_in_group" if payload.group else "message.received"
    name = "message.sent" if payload.from_owner else name
    return [(name, f"messages:{identity}:{payload.edits or ''}", payload)]


def _receipts(body: Mapping[str, Any]) -> list[Read]:
    """`{state, event: {MessageIDs, …}}`, or flat `{messageid, status}`. Receipts by ourselves are left out."""
    event = _object(body, "event")
    state = state_of(body.get("state")) or state_of(event.get("Type")) or state_of(body.get("status"))
    ids = event.get("MessageIDs") or [body.get("messageid")]
    if state is None or flag(event.get("IsFromMe")) or not isinstance(ids, list):
        return []
    at, phone = moment(event.get("Timestamp")), from_jid(words(event.get("Chat")))
    found = [words(one) for one in ids[:MOST_IDS]]
    return [_receipt(one.rpartition(":")[2], state, body, at=at, phone=phone) for one in found if one]


def _receipt(identity: str, state: MessageState, body: Mapping[str, Any], **more: Any) -> Read:
    tracking = words(body.get("track_id"))
    code = "send_failed" if state is MessageState.FAILED else ""
    payload = MessageStatus(id=identity, state=state, tracking=tracking, error_code=code, **more)
    return "message.status", f"messages_update:{identity}:{state}", payload


def _connection(body: Mapping[str, Any]) -> list[Read]:
    """Without an id: the same change may come again, and nothing in it tells one time from the other."""
    status = words(_object(body, "instance").get("status")).lower()
    if status not in ("connected", "connecting", "disconnected"):
        return []
    change = {"ready": status == "connected", "state": status, "reason": words(body.get("type"))[:100]}
    return [("connection.changed", None, ConnectionChange.model_validate(change))]


def _nothing(_body: Mapping[str, Any]) -> list[Read]:
    return []


def _body(inbound: Inbound) -> dict[str, Any]:
    try:
        found = json.loads(inbound.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WebhookRejected("the delivery is malformed", status=400, code="WEBHOOK_MALFORMED")
    return found


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}
