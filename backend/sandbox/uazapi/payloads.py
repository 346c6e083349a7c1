"""Webhook bodies: flat, unsigned, each with the instance's token."""

from typing import Any

from .messages import chat_of
from .world import Instance, World


def envelope(instance: Instance, kind: str, base_url: str) -> dict[str, Any]:
    """The fields of every body."""
    return {
        "BaseUrl": base_url,
        "EventType": kind,
        "instanceName": instance.name,
        "owner": instance.owner,
        "token": instance.token,
    }


def of_message(world: World, instance: Instance, message: dict[str, Any], base_url: str) -> dict[str, Any]:
    """EventType messages."""
    chat = chat_of(world, instance, message["chatid"])
    return {**envelope(instance, "messages", base_url), "chatSource": "updated", "chat": chat, "message": message}


def of_receipt(instance: Instance, ids: list[str], state: str, chat: str, at_ms: int, base_url: str) -> dict[str, Any]:
    """EventType messages_update, with native booleans and seconds."""
    event = {
        "MessageIDs": ids,
        "Chat": chat,
        "Sender": chat,
        "Timestamp": at_ms // 1000,
        "Type": state.lower(),
        "IsFromMe": False,
        "IsGroup": chat.endswith("@g.us"),
    }
    kind = {**envelope(instance, "messages_update", base_url), "type": "ReadReceipt", "state": state}
    return {**kind, "event": event}


def of_flat_receipt(instance: Instance, ids: list[str], state: str, base_url: str) -> dict[str, Any]:
    """The other known form: `messageid` and `status` at the top level."""
    return {**envelope(instance, "messages_update", base_url), "messageid": ids[0], "status": state}


def of_connection(instance: Instance, reason: str, base_url: str) -> dict[str, Any]:
    """EventType connection. `reason` as LoggedOut; empty when all is well."""
    shown: dict[str, Any] = {"name": instance.name, "status": instance.state}
    if reason:
        shown |= {"lastDisconnect": instance.last_disconnect, "lastDisconnectReason": f"401: {reason}"}
    body = {**envelope(instance, "connection", base_url), "instance": shown}
    return {**body, "type": reason} if reason else body


def as_strings(body: dict[str, Any]) -> dict[str, Any]:
    """The same with booleans and numbers spelt as strings ("False", "1790000000"), as some servers send them."""
    return {key: _spelt(value) for key, value in body.items()}


def _spelt(value: object) -> object:
    if isinstance(value, dict):
        return as_strings(value)
    if isinstance(value, list):
        return [_spelt(one) for one in value]
    return str(value) if isinstance(value, bool | int) else value
