"""/webhook in its simple and advanced modes, and /webhook/errors."""

from typing import Any

from aiohttp import web

from .api import Gateway, Refused
from .world import Instance, Webhook

MESSAGE_EVENTS = ("messages", "messages_update", "newsletter_messages", "history", "sender")
OTHER_EVENTS = ("connection", "call", "contacts", "presence", "groups", "labels", "chats", "chat_labels", "blocks")
EVENTS = frozenset((*MESSAGE_EVENTS, *OTHER_EVENTS))


async def show(_gateway: Gateway, instance: Instance, _body: dict[str, Any]) -> web.Response:
    """GET /webhook"""
    return web.json_response([to_json(instance, webhook) for webhook in instance.webhooks])


async def errors(_gateway: Gateway, instance: Instance, _body: dict[str, Any]) -> web.Response:
    """GET /webhook/errors: the last twenty failures, with whole payloads and the tokens in them."""
    return web.json_response(instance.errors)


async def change(gateway: Gateway, instance: Instance, body: dict[str, Any]) -> web.Response:
    """POST /webhook. Without `action` it sets the only webhook; with one it adds, updates or deletes by `id`."""
    action = body.get("action")
    if action == "delete":
        instance.webhooks[:] = [one for one in instance.webhooks if one.id != body.get("id")]
    elif action == "add":
        instance.webhooks.append(read(gateway, body))
    elif action == "update":
        update(gateway, instance, body)
    else:
        first = instance.webhooks[0].id if instance.webhooks else None
        instance.webhooks[:1] = [read(gateway, body, first)]
    return web.json_response([to_json(instance, webhook) for webhook in instance.webhooks])


def update(gateway: Gateway, instance: Instance, body: dict[str, Any]) -> None:
    """Replace the webhook of this id."""
    places = [place for place, one in enumerate(instance.webhooks) if one.id == body.get("id")]
    if not places:
        raise Refused(404, "Webhook not found")
    instance.webhooks[places[0]] = read(gateway, body, str(body["id"]))


def read(gateway: Gateway, body: dict[str, Any], webhook_id: str | None = None) -> Webhook:
    """A webhook from a request. 400 for anything that the real service does not know."""
    url, events = body.get("url"), body.get("events", ["messages", "messages_update", "connection"])
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Refused(400, "Invalid webhook url")
    if not isinstance(events, list) or not set(events) <= EVENTS:
        raise Refused(400, "Invalid events")
    return Webhook(
        webhook_id or f"wh_{gateway.world.next_number():010d}",
        url,
        events,
        bool(body.get("enabled", True)),
        list(body.get("excludeMessages") or []),
        bool(body.get("addUrlEvents")),
        bool(body.get("addUrlTypesMessages")),
    )


def to_json(instance: Instance, webhook: Webhook) -> dict[str, Any]:
    """The webhook as the gateway shows it."""
    return {
        "id": webhook.id,
        "instance_id": instance.name,
        "url": webhook.url,
        "enabled": webhook.enabled,
        "events": webhook.events,
        "excludeMessages": webhook.exclude,
        "addUrlEvents": webhook.add_event,
        "addUrlTypesMessages": webhook.add_type,
    }
