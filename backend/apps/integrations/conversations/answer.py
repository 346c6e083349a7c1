"""Answering a contact in a conversation: which integration sends it, and with which parameters."""

from typing import Any

from apps.integrations.conversations.person import EMAIL
from apps.integrations.models import Contact, Conversation, Send
from apps.integrations.sending.request import request_send
from lib.errors import Permanent


def answer(
    conversation: Conversation, text: str, *, subject: str = "", source: Send.Source = Send.Source.PAGE, key: str = ""
) -> Send:
    """Ask for a send to the contact through the conversation's integration. The same key gives the same send.

    Raises what request_send raises, and Permanent if the integration or the contact's address is gone.
    """
    integration, params = conversation.integration, address_of(conversation.contact, conversation.channel)
    if integration is None or not params:
        raise Permanent("the conversation has no way to the contact", code="integration_gone")
    params |= {"text": text, **({"subject": subject} if conversation.channel == EMAIL else {})}
    send, _is_new = request_send(integration, params, source=source, key=key or None)
    return send


def address_of(contact: Contact, channel: str) -> dict[str, Any]:
    """The parameters that name the contact on a channel; empty if there is no address."""
    if channel == EMAIL:
        return {"to": [contact.email]} if contact.email else {}
    if contact.phone:
        return {"to": contact.phone}
    return {"user": contact.handle} if contact.handle else {}
