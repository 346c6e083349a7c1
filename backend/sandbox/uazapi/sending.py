"""POST /send/text and /send/media."""

import base64
import binascii
import re
from typing import Any

from aiohttp import web

from . import payloads
from .api import Gateway, Refused
from .happen import deliver
from .messages import expand, new_message
from .world import Instance, Person

KINDS = ("image", "video", "document", "audio", "myaudio", "ptt", "ptv", "sticker")
JID = re.compile(r"[0-9-]{5,40}@(g\.us|lid|newsletter|s\.whatsapp\.net)")
DIGITS = re.compile(r"[0-9]{8,15}")


async def send_text(gateway: Gateway, instance: Instance, body: dict[str, Any]) -> web.Response:
    """{number, text, …} → a Message."""
    if not body.get("number") or not body.get("text"):
        raise Refused(400, "Missing number or text")
    chat, person = recipient(gateway, instance, str(body["number"]))
    message = record_sent(gateway, instance, chat, body, text=expand(str(body["text"]), person))
    return web.json_response({**message, "response": {"status": "success", "message": "Message sent successfully"}})


async def send_media(gateway: Gateway, instance: Instance, body: dict[str, Any]) -> web.Response:
    """{number, type, file, text?, docName?, mimetype?, …} → a Message with a file URL."""
    if not body.get("number") or not body.get("file") or body.get("type") not in KINDS:
        raise Refused(400, "Missing or invalid number, type or file")
    check_file(gateway, str(body["file"]))
    chat, person = recipient(gateway, instance, str(body["number"]))
    caption = expand(str(body.get("text") or ""), person)
    kind = {"messageType": f"{body['type'].capitalize()}Message", "mediaType": body["type"], "type": "media"}
    message = record_sent(gateway, instance, chat, body, text=caption, **kind)
    response = {"status": "success", "message": "Media sent", "fileUrl": f"{gateway.base_url()}/files/{message['id']}"}
    return web.json_response({**message, "response": response})


def recipient(gateway: Gateway, instance: Instance, number: str) -> tuple[str, Person | None]:
    """The chat of this number. It must be exactly the account's number: an extra ninth digit makes another."""
    if not instance.connected or not instance.logged_in:
        raise Disconnected
    if JID.fullmatch(number) and not number.endswith("@s.whatsapp.net"):
        return number, gateway.world.find(number)
    digits = number.partition("@")[0]
    if not DIGITS.fullmatch(digits):
        raise Refused(400, "Invalid number format")
    if digits not in gateway.world.people:
        raise Refused(500, f"the number {digits}@s.whatsapp.net is not on WhatsApp")
    return f"{digits}@s.whatsapp.net", gateway.world.people[digits]


class Disconnected(Exception):
    """Answered 503 {"error": true, "message": …}, the only error of another form."""


def check_file(gateway: Gateway, file: str) -> None:
    """413 if it is too large, 415 if it is neither a URL nor base64."""
    if file.startswith(("http://", "https://")):
        return
    try:
        decoded = base64.b64decode(file.partition(";base64,")[2] or file, validate=True)
    except binascii.Error as error:
        raise Refused(415, "Unsupported media format") from error
    if len(decoded) > gateway.world.media_limit:
        raise Refused(413, "File too large")


def record_sent(gateway: Gateway, instance: Instance, chat: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Store the message and send it to the webhooks, which also get the instance's own messages."""
    limit = gateway.world.sends_allowed
    if limit is not None and sum(one["wasSentByApi"] for one in instance.messages) >= limit:
        raise Refused(429, "Rate limit exceeded")
    tracks = {name: str(body.get(name) or "") for name in ("track_id", "track_source")}
    status = "Queued" if body.get("async") else "Sent"
    quoted = str(body.get("replyid") or "").rpartition(":")[2]
    message = new_message(
        gateway.world, instance, chat, from_me=True, wasSentByApi=True, status=status, quoted=quoted, **tracks, **more
    )
    gateway.postman.post(instance, payloads.of_message(gateway.world, instance, message, gateway.base_url()))
    if gateway.world.switches["delivers"]:
        gateway.postman.sending.start(deliver(gateway, instance, message))
    return message
