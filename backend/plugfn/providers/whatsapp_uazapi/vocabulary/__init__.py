"""One vocabulary for WhatsApp, whoever carries the messages.

Callers use these action names, parameters, results and events and nothing of a gateway's own, so that a user may move
from one gateway to another without a change to any caller. test_contract.py beside this folder is the suite that every
WhatsApp provider passes; README.md says how to add a provider.

    actions                           events
    messages.send_text                message.received            somebody wrote to us
    messages.send_media               message.received_in_group   somebody wrote in a group
    messages.find                     message.sent                the account's owner wrote, on the phone
    numbers.check                     message.status              sent, delivered, read or failed
    connection.status                 connection.changed          the account is linked, or no longer
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
