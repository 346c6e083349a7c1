"""The common WhatsApp vocabulary: actions, parameters, results and events that every WhatsApp provider has.

Callers use only this vocabulary and nothing specific to a gateway, so that a user can change the gateway without a
change to any caller. Every WhatsApp provider passes test_contract.py, which is beside this folder; README.md says how
to add a provider.

    actions                           events
    messages.send_text                message.received            somebody wrote to us
    messages.send_media               message.received_in_group   somebody wrote in a group
    messages.find                     message.sent                the account's owner wrote on the phone
    numbers.check                     message.status              sent, delivered, read or failed
    connection.status                 connection.changed          the account was linked or unlinked
"""

from plugfn.providers.whatsapp_uazapi.vocabulary.actions import (
    ACTIONS,
    CheckNumbers,
    FindMessages,
    LineStatus,
    LinkState,
    MessagesFound,
    MessageState,
    Nothing,
    NumberCheck,
    NumbersChecked,
    SendText,
    SentMessage,
)
from plugfn.providers.whatsapp_uazapi.vocabulary.events import TRIGGERS, ConnectionChange, Message, MessageStatus
from plugfn.providers.whatsapp_uazapi.vocabulary.media import SendMedia

__all__ = [
    "ACTIONS",
    "TRIGGERS",
    "CheckNumbers",
    "ConnectionChange",
    "FindMessages",
    "LineStatus",
    "LinkState",
    "Message",
    "MessageState",
    "MessageStatus",
    "MessagesFound",
    "Nothing",
    "NumberCheck",
    "NumbersChecked",
    "SendMedia",
    "SendText",
    "SentMessage",
]
