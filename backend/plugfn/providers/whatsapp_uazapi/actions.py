"""What can be done: WhatsApp's common actions, and setting the webhook."""

from typing import Any

from pydantic import Field

from plugfn.definition import Call, Model, Result
from plugfn.net.url import check_url, read_url
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance, is_loopback
from plugfn.providers.whatsapp_uazapi.definition import provider
from plugfn.providers.whatsapp_uazapi.reading import check_numbers, line_status
from plugfn.providers.whatsapp_uazapi.sending import send, went_out
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

TEXT_PATIENCE = 20.0
MEDIA_PATIENCE = 60.0
TO_LOOK = 15.0
"""Seconds that looking up an unclear outcome may take beyond the patience."""
EVENTS = ("messages", "messages_update", "connection")


@provider.action("messages.send_text", summary="Send a text message.", timeout=TEXT_PATIENCE + TO_LOOK)
async def send_text(call: Uazapi, params: SendText) -> SentMessage:
    """uazapi fills in placeholders such as {{lead_personalid}}: none reaches it."""
    body = {"text": without_placeholders(params.text), "linkPreview": params.link_preview}
    return await send(call, "/send/text", params, body, TEXT_PATIENCE)


@provider.action("messages.send_media", summary="Send a picture, recording or file.", timeout=MEDIA_PATIENCE + TO_LOOK)
async def send_media(call: Uazapi, params: SendMedia) -> SentMessage:
    """By URL (fetched by the gateway, which may stand in a network of its own: so only public addresses) or bytes."""
    file = params.data if params.url is None else await _public(call, params.url)
    body: dict[str, Any] = {"type": _kind(params.kind), "file": file}
    names = {"text": params.caption, "docName": params.filename}
    body |= {name: without_placeholders(value) for name, value in names.items() if value}
    if params.mime_type:
        body["mimetype"] = params.mime_type
    return await send(call, "/send/media", params, body, MEDIA_PATIENCE)


@provider.action("messages.find", summary="Find out whether a message of yours went out.", safe=True)
async def find(call: Uazapi, params: FindMessages) -> MessagesFound:
    """By its tracking id: what to do about OutcomeUnknown."""
    return MessagesFound(messages=await went_out(call, params.tracking))


@provider.action("numbers.check", summary="Which of these numbers are on WhatsApp.", safe=True)
async def check(call: Uazapi, params: CheckNumbers) -> NumbersChecked:
    """A Brazilian mobile number is looked for with its ninth digit and without."""
    phones = [_phone(typed, params.region) for typed in params.numbers]
    asked = list(dict.fromkeys(spelling for phone in phones if phone for spelling in spellings(phone)))
    rows = {row.asked: row for row in (await check_numbers(call, asked) if asked else [])}
    return NumbersChecked(
        numbers=[_of(typed, phone, rows) for typed, phone in zip(params.numbers, phones, strict=True)]
    )


@provider.action("connection.status", summary="Whether the account is linked and ready.", safe=True)
async def status(call: Uazapi, _params: Nothing) -> LineStatus:
    """Of all that uazapi answers, its secrets among it, these few fields are kept."""
    return await line_status(call)


class SetWebhook(Model):
    """Where uazapi is to send what happens."""

    url: str = Field(max_length=2048, repr=False)
    """The connection's webhook URL. It holds the secret that proves deliveries: whoever has it can pretend."""


class WebhookSet(Result):
    """The webhook is in place."""

    events: list[str]


@provider.action("webhooks.set", summary="Tell uazapi where to send what happens.", safe=True)
async def set_webhook(call: Uazapi, params: SetWebhook) -> WebhookSet:
    """Replaces the instance's webhook. Echoes of what is sent through the API are left out at the source."""
    check_url(params.url, https_only=not is_loopback(read_url(params.url)))
    asked = {"enabled": True, "url": params.url, "events": list(EVENTS), "excludeMessages": ["wasSentByApi"]}
    await call.http.post("/webhook", json=asked)
    return WebhookSet(events=list(EVENTS))


async def _public(call: Uazapi, url: str) -> str:
    """The URL as it was checked: encoded, so that no placeholder stands in it either."""
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
    found = [rows[spelling] for spelling in spellings(phone)] if phone else []
    best = next((row for row in found if row.on_whatsapp), None)
    if best is None:
        return NumberCheck(asked=typed, phone=phone)
    return best.model_copy(update={"asked": typed, "phone": phone})
