"""The actions: the common WhatsApp actions, and setting the webhook."""

from typing import Any

from pydantic import Field

from plugfn.definition import Call, Model, Result
from plugfn.net.url import check_url, read_url
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance, is_loopback
from plugfn.providers.whatsapp_uazapi.definition import provider
from plugfn.providers.whatsapp_uazapi.reading import check_numbers, line_status
from plugfn.providers.whatsapp_uazapi.sending import find_sent, send
from plugfn.providers.whatsapp_uazapi.vocabulary import (
    CheckNumbers,
    FindMessages,
    LineStatus,
    MessagesFound,
    Nothing,
    NumberCheck,
    NumbersChecked,
    SendMedia,
    SendText,
    SentMessage,
)
from plugfn.providers.whatsapp_uazapi.vocabulary.media import MediaKind
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import canonical, spellings
from plugfn.providers.whatsapp_uazapi.vocabulary.text import without_placeholders

Uazapi = Call[UazapiInstance]

TEXT_SECONDS = 20.0
MEDIA_SECONDS = 60.0
FOR_LOOKUP = 15.0
"""Seconds that looking up an unknown outcome may take, in addition to the action's own time."""
EVENTS = ("messages", "messages_update", "connection")


@provider.action("messages.send_text", summary="Sends a text message.", timeout=TEXT_SECONDS + FOR_LOOKUP)
async def send_text(call: Uazapi, params: SendText) -> SentMessage:
    """Breaks up placeholders such as {{lead_personalid}}, which uazapi would otherwise fill in."""
    body = {"text": without_placeholders(params.text), "linkPreview": params.link_preview}
    return await send(call, "/send/text", params, body, TEXT_SECONDS)


@provider.action(
    "messages.send_media", summary="Sends a picture, a recording or a file.", timeout=MEDIA_SECONDS + FOR_LOOKUP
)
async def send_media(call: Uazapi, params: SendMedia) -> SentMessage:
    """Sends bytes, or a URL that the gateway fetches; it must be public, as the gateway may reach private networks."""
    file = params.data if params.url is None else await _public(call, params.url)
    body: dict[str, Any] = {"type": _kind(params.kind), "file": file}
    names = {"text": params.caption, "docName": params.filename}
    body |= {name: without_placeholders(value) for name, value in names.items() if value}
    if params.mime_type:
        body["mimetype"] = params.mime_type
    return await send(call, "/send/media", params, body, MEDIA_SECONDS)


@provider.action("messages.find", summary="Finds out whether a message was sent.", safe=True)
async def find(call: Uazapi, params: FindMessages) -> MessagesFound:
    """Searches by the message's tracking id. Use it after OutcomeUnknown."""
    return MessagesFound(messages=await find_sent(call, params.tracking))


@provider.action("numbers.check", summary="Checks which phone numbers are on WhatsApp.", safe=True)
async def check(call: Uazapi, params: CheckNumbers) -> NumbersChecked:
    """Checks a Brazilian mobile number both with and without its ninth digit."""
    phones = [_phone(typed, params.region) for typed in params.numbers]
    asked = list(dict.fromkeys(spelling for phone in phones if phone for spelling in spellings(phone)))
    rows = {row.asked: row for row in (await check_numbers(call, asked) if asked else [])}
    return NumbersChecked(
        numbers=[_of(typed, phone, rows) for typed, phone in zip(params.numbers, phones, strict=True)]
    )


@provider.action("connection.status", summary="Checks whether the account is linked to WhatsApp and ready.", safe=True)
async def status(call: Uazapi, _params: Nothing) -> LineStatus:
    """Returns only a few fields of uazapi's answer, which also contains secrets."""
    return await line_status(call)


class SetWebhook(Model):
    """Where uazapi sends events."""

    url: str = Field(max_length=2048, repr=False)
    """The connection's webhook URL. Keep it secret: it contains the secret that verifies deliveries."""


class WebhookSet(Result):
    """The webhook was set."""

    events: list[str]


@provider.action("webhooks.set", summary="Tells uazapi where to send events.", safe=True)
async def set_webhook(call: Uazapi, params: SetWebhook) -> WebhookSet:
    """Replaces the instance's webhook. uazapi will not send events for messages that were sent through its API."""
    check_url(params.url, https_only=not is_loopback(read_url(params.url)))
    asked = {"enabled": True, "url": params.url, "events": list(EVENTS), "excludeMessages": ["wasSentByApi"]}
    await call.http.post("/webhook", json=asked)
    return WebhookSet(events=list(EVENTS))


async def _public(call: Uazapi, url: str) -> str:
    """The URL after the check, percent-encoded, so that it contains no placeholder either."""
    address = check_url(url, call.guard)
    await call.guard.resolve(address.host, address.port)
    return f"{address.origin}{address.path}" + (f"?{address.query}" if address.query else "")


def _kind(kind: MediaKind) -> str:
    return "ptt" if kind is MediaKind.VOICE else kind.value


def _phone(typed: str, region: str) -> str | None:
    try:
        return canonical(typed, region)
    except ValueError:
        return None


def _of(typed: str, phone: str | None, rows: dict[str, NumberCheck]) -> NumberCheck:
    matches = [rows[spelling] for spelling in spellings(phone)] if phone else []
    best = next((row for row in matches if row.on_whatsapp), None)
    if best is None:
        return NumberCheck(asked=typed, phone=phone)
    return best.model_copy(update={"asked": typed, "phone": phone})
