"""Converts uazapi's Message object to the common Message: who wrote it, and what kind it is."""

from collections.abc import Mapping
from typing import Any, get_args

from plugfn.providers.whatsapp_uazapi.vocabulary.events import Kind, Message
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import from_digits, from_jid
from plugfn.providers.whatsapp_uazapi.wire import as_bool, as_text, as_time

_KINDS: dict[str, Kind] = {
    "text": "text",
    "conversation": "text",
    "extendedtext": "text",
    "ptt": "voice",
    "myaudio": "audio",
    "ptv": "video",
    "gif": "video",
    "contactcard": "contact",
    "vcard": "contact",
    "contactsarray": "contact",
    "livelocation": "location",
    "listresponse": "choice",
    "buttonsresponse": "choice",
    "templatebuttonreply": "choice",
    "pollcreation": "poll",
    "pollupdate": "poll",
    **{kind: kind for kind in get_args(Kind) if kind != "other"},
}


MOST_DIGITS = 16
_NOT_FOR_US = ("@broadcast", "@newsletter")


def is_conversation(wire: Mapping[str, Any]) -> bool:
    """Whether somebody wrote to the account or to a group. A status update or a channel's post is no conversation."""
    return not as_text(wire.get("chatid")).endswith(_NOT_FOR_US)


def message_of(identity: str, wire: Mapping[str, Any], chat: Mapping[str, Any]) -> Message:
    """The message of a delivery. For a file, it has only the type and the size."""
    choice = as_text(wire.get("buttonOrListid"))
    content = wire.get("content")
    file = content if isinstance(content, dict) else {}
    size = as_text(file.get("fileLength"))
    from_owner, group = as_bool(wire.get("fromMe")), _group(wire, chat)
    return Message(
        id=identity,
        kind=kind_of(wire, choice),
        text=as_text(wire.get("text")) or as_text(wire.get("vote")) or as_text(file.get("caption")),
        phone=phone_of(wire, chat, from_owner=from_owner, in_group=group is not None),
        user=user_of(wire, chat, from_owner=from_owner),
        name=as_text(chat.get("name")) if from_owner else as_text(wire.get("senderName")),
        group=group,
        from_owner=from_owner,
        sent_at=as_time(wire.get("messageTimestamp")),
        reply_to=_bare(wire.get("quoted")) or _bare(wire.get("reaction")) or None,
        choice=choice or None,
        edits=_bare(wire.get("edited")) or None,
        mime_type=as_text(file.get("mimetype")) or None,
        size=int(size) if size.isdecimal() and len(size) < MOST_DIGITS else None,
    )


def kind_of(wire: Mapping[str, Any], choice: str) -> Kind:
    """The kind, from the most specific of the three fields that name it."""
    if choice:
        return "choice"
    for field in ("mediaType", "messageType", "type"):
        named = as_text(wire.get(field)).lower().replace("_", "").removesuffix("message")
        if named in _KINDS:
            return _KINDS[named]
    return "other"


def phone_of(wire: Mapping[str, Any], chat: Mapping[str, Any], *, from_owner: bool, in_group: bool) -> str | None:
    """The number of the person at the other end. `sender` may be an @lid; in the owner's messages it is the owner."""
    if not from_owner:
        phone = from_jid(as_text(wire.get("sender_pn"))) or from_jid(as_text(wire.get("sender")))
        if phone or in_group:
            return phone
    return from_jid(as_text(wire.get("chatid"))) or from_digits(as_text(chat.get("phone")))


def user_of(wire: Mapping[str, Any], chat: Mapping[str, Any], *, from_owner: bool) -> str:
    """The @lid of the person at the other end, if there is one."""
    if from_owner:
        return as_text(wire.get("chatlid")) or as_text(chat.get("wa_chatlid")) or as_text(wire.get("chatid"))
    return as_text(wire.get("sender_lid")) or as_text(wire.get("sender")) or as_text(wire.get("chatid"))


def _group(wire: Mapping[str, Any], chat: Mapping[str, Any]) -> str | None:
    """The group's id, if at least one of the fields that mark a group is set."""
    where = as_text(wire.get("chatid")) or as_text(chat.get("wa_chatid"))
    marked = as_bool(wire.get("isGroup")) or as_bool(chat.get("wa_isGroup"))
    person = where.endswith(("@s.whatsapp.net", "@lid", "@c.us"))
    return where if marked or (where and not person) else None


def _bare(value: Any) -> str:
    """A message's id without the owner's number in front."""
    return as_text(value).rpartition(":")[2]
