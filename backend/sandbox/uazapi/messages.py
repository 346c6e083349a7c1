"""The Message object, and the placeholders that the gateway expands in texts."""

import re
from typing import Any

from .world import Instance, Person, World

PLACEHOLDER = re.compile(r"\{\{\s*([a-zA-Z_0-9]+)\s*\}\}")


def expand(text: str, person: Person | None) -> str:
    """Expand the real service's placeholders: {{name}}, {{first_name}} and every lead_ field; others stay."""
    if person is None:
        return text
    known = {"name": person.name, "first_name": person.name.partition(" ")[0], "wa_name": person.name, **person.lead}
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0] if "lead_" not in found[1] else ""), text)


def new_message(world: World, instance: Instance, chat: str, *, from_me: bool, **more: Any) -> dict[str, Any]:
    """A Message of this chat (a jid); `more` overrides any field. The instance stores it."""
    number = world.next_number()
    messageid = more.pop("messageid", world.message_id(number))
    message = {
        "id": f"{instance.owner}:{messageid}",
        "messageid": messageid,
        "chatid": chat,
        "owner": instance.owner,
        "fromMe": from_me,
        "isGroup": chat.endswith("@g.us"),
        "messageTimestamp": world.now_ms(number),
        "messageType": "Conversation",
        "mediaType": "",
        "type": "text",
        "text": "",
        "content": "",
        "status": "Sent" if from_me else "",
        "source": "android",
        "quoted": "",
        "vote": "",
        "buttonOrListid": "",
        "reaction": "",
        "edited": "",
        "track_id": "",
        "track_source": "",
        "wasSentByApi": False,
        **sender_of(instance, world.in_chat(chat), chat, from_me),
        **more,
    }
    instance.messages.append(message)
    return message


def sender_of(instance: Instance, person: Person | None, chat: str, from_me: bool) -> dict[str, str]:
    """The sender of a message: a person's lid if they have one, and their number."""
    if from_me:
        jid = f"{instance.owner}@s.whatsapp.net"
        return {"sender": jid, "sender_pn": jid, "sender_lid": "", "senderName": instance.name}
    if person is None:
        return {"sender": chat, "sender_pn": "", "sender_lid": "", "senderName": ""}
    jid = f"{person.number}@s.whatsapp.net"
    return {
        "sender": person.lid or jid,
        "sender_pn": jid,
        "sender_lid": person.lid,
        "senderName": person.name,
    }


def chat_of(world: World, instance: Instance, chat: str) -> dict[str, Any]:
    """The chat object of a message, with the owner's notes about the person."""
    person = world.in_chat(chat)
    return {
        "id": "r0000000000001",
        "owner": instance.owner,
        "wa_chatid": chat,
        "wa_isGroup": chat.endswith("@g.us"),
        "name": person.name if person else "",
        "phone": f"+{person.number}" if person else "",
        "lead_personalid": "",
        "lead_email": "",
        **(person.lead if person else {}),
    }
