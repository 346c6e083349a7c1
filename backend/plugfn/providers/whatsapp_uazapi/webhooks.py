"""uazapi's deliveries: verified by the token in them, read leniently, and reduced to the fields that events declare.

uazapi does not sign. A delivery is verified by its unguessable URL (checked before this code runs) and by the
instance's token, which is in every body. So the body itself is never stored, logged or passed on.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from plugfn.definition import Result
from plugfn.errors import WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.messages import is_conversation, message_of
from plugfn.providers.whatsapp_uazapi.vocabulary import ConnectionChange, MessageState, MessageStatus
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import from_digits, from_jid, may_be_same_account
from plugfn.providers.whatsapp_uazapi.wire import as_bool, as_text, as_time, state_of

PROVIDER = "whatsapp_uazapi"
MOST_IDS = 1000


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless the body is JSON with this connection's token, account and instance."""
    credentials = keys.credentials
    if not isinstance(credentials, UazapiInstance):
        raise WebhookRejected("there is no token to verify the delivery", code="WEBHOOK_SECRET_NOT_FOUND")
    if inbound.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WebhookRejected("the delivery is not JSON", status=415, code="WEBHOOK_CONTENT_TYPE")
    body = _body(inbound)
    received, token = as_text(body.get("token")), credentials.token.get_secret_value()
    if not compare_digest(received.encode("utf-8", "replace"), token.encode()):
        raise WebhookRejected("the delivery does not have this instance's token")
    if not _is_of(body, credentials):
        raise WebhookRejected("the delivery is from another account or instance")


def _is_of(body: Mapping[str, Any], credentials: UazapiInstance) -> bool:
    """Whether account and instance are the connection's; a name that one side does not have is not compared."""
    name = as_text(body.get("instanceName"))
    if credentials.instance_name and name and name != credentials.instance_name:
        return False
    if credentials.phone is None:
        return True
    owner = from_digits(as_text(body.get("owner")))
    return owner is None or may_be_same_account(owner, credentials.phone)


def parse(inbound: Inbound, keys: Keys) -> Parsed:
    """The events of a verified delivery. Other deliveries (presence, calls …) have no events, and are no error."""
    body = _body(inbound)
    connection = keys.connection.id if keys.connection else None
    kind = as_text(body.get("EventType")) or as_text(body.get("event"))
    readers = {"messages": _message, "messages_update": _receipts, "connection": _connection}
    read = readers.get(kind, _nothing)
    return Parsed(tuple(_event(connection, name, key, payload) for name, key, payload in read(body)))


Read = tuple[str, str | None, Result]
"""An event's name, its id, its payload."""


def _event(connection: str | None, name: str, key: str | None, payload: Result) -> Event:
    at = getattr(payload, "sent_at", None) or getattr(payload, "at", None)
    document = payload.model_dump(mode="json")
    return Event(PROVIDER, name, document, id=key, occurred_at=at, connection_id=connection)


def _message(body: Mapping[str, Any]) -> list[Read]:
    wire, chat = _object(body, "message"), _object(body, "chat")
    identity = as_text(wire.get("messageid")) or as_text(wire.get("id")).rpartition(":")[2]
    if not identity or as_bool(wire.get("wasSentByApi")) or not is_conversation(wire):
        return []
    payload = message_of(identity, wire, chat)
    if payload.from_owner and (as_text(wire.get("track_id")) or payload.group):
        # The echo of a message sent through the API, or the owner's own message in a group: neither is an event.
        return []
    name = "message.received_in_group" if payload.group else "message.received"
    name = "message.sent" if payload.from_owner else name
    return [(name, f"messages:{identity}:{payload.edits or ''}", payload)]


def _receipts(body: Mapping[str, Any]) -> list[Read]:
    """Reads `{state, event: {MessageIDs, …}}`, or the flat `{messageid, status}`. Our own receipts are left out."""
    event = _object(body, "event")
    state = state_of(body.get("state")) or state_of(event.get("Type")) or state_of(body.get("status"))
    ids = event.get("MessageIDs") or [body.get("messageid")]
    if state is None or as_bool(event.get("IsFromMe")) or not isinstance(ids, list):
        return []
    at, phone = as_time(event.get("Timestamp")), from_jid(as_text(event.get("Chat")))
    texts = [as_text(each) for each in ids[:MOST_IDS]]
    return [_receipt(text.rpartition(":")[2], state, body, at=at, phone=phone) for text in texts if text]


def _receipt(identity: str, state: MessageState, body: Mapping[str, Any], **more: Any) -> Read:
    tracking = as_text(body.get("track_id"))
    code = "send_failed" if state is MessageState.FAILED else ""
    payload = MessageStatus(id=identity, state=state, tracking=tracking, error_code=code, **more)
    return "message.status", f"messages_update:{identity}:{state}", payload


def _connection(body: Mapping[str, Any]) -> list[Read]:
    """An event without an id: the same change may happen again, and the two deliveries would be equal."""
    status = as_text(_object(body, "instance").get("status")).lower()
    if status not in ("connected", "connecting", "disconnected"):
        return []
    change = {"ready": status == "connected", "state": status, "reason": as_text(body.get("type"))[:100]}
    return [("connection.changed", None, ConnectionChange.model_validate(change))]


def _nothing(_body: Mapping[str, Any]) -> list[Read]:
    return []


def _body(inbound: Inbound) -> dict[str, Any]:
    try:
        document = inbound.document
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise WebhookRejected("the delivery is not a JSON object", status=400, code="WEBHOOK_MALFORMED")
    return document


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}
