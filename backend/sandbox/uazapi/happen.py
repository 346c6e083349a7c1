"""What happens at the other end, by the controls or on the phone's page: messages, receipts, a lost connection."""

import asyncio
from typing import Any

from . import payloads
from .api import Gateway
from .messages import new_message
from .world import Instance

DELIVERED_AFTER_SECONDS = 0.3


def write(
    gateway: Gateway, instance: Instance, chat: str, *, fromMe: bool = False, as_strings: bool = False, **more: Any
) -> dict[str, Any]:
    """A message comes into this chat; with `fromMe` the account's owner writes it on the phone. Returns it."""
    message = new_message(gateway.world, instance, chat, from_me=fromMe, **more)
    body = payloads.of_message(gateway.world, instance, message, gateway.base_url())
    gateway.postman.post(instance, body, as_strings)
    return message


def receive(
    gateway: Gateway, instance: Instance, *, ids: list[str], state: str, chat: str, flat: bool = False,
    as_strings: bool = False,
) -> None:  # fmt: skip
    """A receipt for messages of one chat: they are now `state` (Delivered, Read …)."""
    now, base = gateway.world.now_ms(gateway.world.next_number()), gateway.base_url()
    body = payloads.of_receipt(instance, ids, state, chat, now, base)
    if flat:
        body = payloads.of_flat_receipt(instance, ids, state, base)
    for message in instance.messages:
        if message["messageid"] in ids:
            message["status"] = state
    gateway.postman.post(instance, body, as_strings)


async def deliver(gateway: Gateway, instance: Instance, message: dict[str, Any]) -> None:
    """Say a moment later that the message reached the person's phone."""
    await asyncio.sleep(DELIVERED_AFTER_SECONDS)
    if message["status"] in ("Queued", "Sent"):
        receive(gateway, instance, ids=[message["messageid"]], state="Delivered", chat=message["chatid"])


def change_line(gateway: Gateway, instance: Instance, *, reason: str = "", **fields: Any) -> None:
    """Change name, owner, connected or logged_in. A new state of the connection goes to the webhooks."""
    before = instance.state
    for name in ("name", "owner", "connected", "logged_in"):
        setattr(instance, name, fields.get(name, getattr(instance, name)))
    if instance.state != before:
        instance.last_disconnect = "" if instance.state == "connected" else "2026-11-20 12:00:00.000Z"
        gateway.postman.post(instance, payloads.of_connection(instance, reason, gateway.base_url()))
