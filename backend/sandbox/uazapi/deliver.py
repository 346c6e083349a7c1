"""Sends webhooks: three attempts each, the last twenty failures kept for /webhook/errors."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from sandbox.kit.background import Background

from .payloads import as_strings
from .world import Instance, Webhook

ATTEMPTS = 3
PAUSE_SECONDS = 0.05
KEPT_ERRORS = 20
EXCLUDED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "wasSentByApi": lambda message: message["wasSentByApi"],
    "wasNotSentByApi": lambda message: not message["wasSentByApi"],
    "fromMeYes": lambda message: message["fromMe"],
    "fromMeNo": lambda message: not message["fromMe"],
    "isGroupYes": lambda message: message["isGroup"],
    "isGroupNo": lambda message: not message["isGroup"],
}


class Postman:
    """Delivers in the background."""

    def __init__(self) -> None:
        self.sending = Background()

    def post(self, instance: Instance, body: dict[str, Any], spelt: bool = False) -> None:
        """Send to every webhook of the instance that listens. `spelt`: with booleans and numbers as strings."""
        for webhook in instance.webhooks:
            if wants(webhook, body):
                sent = as_strings(body) if spelt else body
                self.sending.start(self._deliver(instance, webhook, sent))

    async def _deliver(self, instance: Instance, webhook: Webhook, body: dict[str, Any]) -> None:
        trouble = ""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            for attempt in range(ATTEMPTS):
                await asyncio.sleep(PAUSE_SECONDS if attempt else 0)
                trouble = await _once(session, url_for(webhook, body), body)
                if not trouble:
                    return
        failure = {"url": webhook.url, "error": trouble, "attempts": ATTEMPTS, "payload": body}
        instance.errors[:] = [*instance.errors, failure][-KEPT_ERRORS:]


async def _once(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> str:
    try:
        async with session.post(url, json=body) as answer:
            return "" if answer.status < 300 else f"status {answer.status}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__


def wants(webhook: Webhook, body: dict[str, Any]) -> bool:
    """Whether this webhook listens to this event."""
    message = body.get("message")
    left_out = message and any(EXCLUDED[name](message) for name in webhook.exclude if name in EXCLUDED)
    return webhook.enabled and body["EventType"] in webhook.events and not left_out


def url_for(webhook: Webhook, body: dict[str, Any]) -> str:
    """The webhook's URL; it can ask for the event and the message type at the end."""
    parts = [str(body["EventType"])] if webhook.add_event else []
    if webhook.add_type and "message" in body:
        parts.append(body["message"]["messageType"].lower())
    return "/".join([webhook.url.rstrip("/"), *parts]) if parts else webhook.url
