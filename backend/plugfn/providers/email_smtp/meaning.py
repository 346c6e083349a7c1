"""What a server's refusal means, by its reply code and the stage of the dialogue.

Codes: RFC 5321, 4.2.3 and RFC 4954, 6 (AUTH). The server's text is not repeated, because it may quote addresses; only
its enhanced status code (RFC 3463) is.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from plugfn.errors import GiveUp, InvalidCall, NeedsReconnect, PlugFnError, TryLater, Unavailable, Unexpected
from plugfn.net.answer import Means

ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", re.ASCII)


class Stage(StrEnum):
    """The stage that the dialogue has reached."""

    CONNECT = "connect"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


BUSY = Means(TryLater, "The server is busy or asks to try again later (greylisting, a full mailbox, a limit).")
LOGIN_REFUSED = Means(NeedsReconnect, "The server does not accept this user name and password.")
TOO_BIG = Means(InvalidCall, "The message is too big for the server.")

CODES: Mapping[tuple[Stage, int], Means] = {
    (Stage.CONNECT, 554): Means(GiveUp, "The server refuses connections from this address."),
    (Stage.LOGIN, 432): Means(NeedsReconnect, "The server requires a new password first."),
    (Stage.LOGIN, 530): LOGIN_REFUSED,
    (Stage.LOGIN, 534): Means(NeedsReconnect, "The server requires another login, for example an app password."),
    (Stage.LOGIN, 535): LOGIN_REFUSED,
    (Stage.LOGIN, 538): Means(GiveUp, "The server requires encryption before the login."),
    (Stage.SENDER, 530): Means(NeedsReconnect, "The server requires a login before it accepts messages."),
    (Stage.SENDER, 550): Means(GiveUp, "The server does not let this account send from this address."),
    (Stage.SENDER, 552): TOO_BIG,
    (Stage.SENDER, 553): Means(GiveUp, "The server does not let this account send from this address."),
    (Stage.RECIPIENT, 452): Means(TryLater, "The server accepts no more recipients for this message, or is full."),
    (Stage.RECIPIENT, 530): Means(NeedsReconnect, "The server requires a login before it accepts messages."),
    (Stage.RECIPIENT, 550): Means(InvalidCall, "The mailbox does not exist, or does not accept messages."),
    (Stage.RECIPIENT, 551): Means(InvalidCall, "The recipient is at another server, and this server does not forward."),
    (Stage.RECIPIENT, 552): Means(InvalidCall, "The recipient's mailbox is full."),
    (Stage.RECIPIENT, 553): Means(InvalidCall, "The server does not accept the recipient's address."),
    (Stage.RECIPIENT, 554): Means(GiveUp, "The server refuses messages from here to this recipient."),
    (Stage.MESSAGE, 552): TOO_BIG,
    (Stage.MESSAGE, 550): Means(GiveUp, "The server refuses this message (its content, or its sender's reputation)."),
    (Stage.MESSAGE, 554): Means(GiveUp, "The server refuses this message (its content, or its sender's reputation)."),
}
"""Codes that say more than their first digit does."""

CLOSING = Means(Unavailable, "The server is closing the connection: it is shutting down or overloaded.")

OTHER_5XX: Mapping[Stage, Means] = {
    Stage.CONNECT: Means(GiveUp, "The server permanently refuses the connection."),
    Stage.LOGIN: LOGIN_REFUSED,
    Stage.SENDER: Means(GiveUp, "The server permanently refuses the sender."),
    Stage.RECIPIENT: Means(InvalidCall, "The server permanently refuses the recipient."),
    Stage.MESSAGE: Means(GiveUp, "The server permanently refuses the message."),
}
"""The meaning of all other codes from 500 to 599."""


def means(stage: Stage, code: int) -> Means:
    """What a reply code means at a stage."""
    if code == 421:
        return CLOSING
    if (row := CODES.get((stage, code))) is not None:
        return row
    if 400 <= code < 500:
        return BUSY
    if 500 <= code < 600:
        return OTHER_5XX[stage]
    return Means(Unexpected, "The server's answer is not valid SMTP.")


def refusal(stage: Stage, code: int, text: str) -> PlugFnError:
    """The error to raise for a refusal: the message was not sent."""
    row = means(stage, code)
    return row.error(f"{row.meaning}{enhanced(text)}", code=f"smtp_{code}" if code > 0 else "not_smtp")


def enhanced(text: str) -> str:
    """The enhanced status code of the server's text, as ' (5.1.1)', or an empty string."""
    match = ENHANCED.match(text)
    return f" ({match[1]})" if match else ""
