"""What a server's refusal means: its reply code, and the stage of the dialogue it came at.

Codes: RFC 5321, 4.2.3 and RFC 4954, 6 (AUTH). What the server writes beside them is not repeated: it quotes addresses.
Only its enhanced status code is (RFC 3463).
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from plugfn.errors import GiveUp, InvalidCall, NeedsReconnect, PlugFnError, TryLater, Unavailable, Unexpected
from plugfn.net.answer import Means

ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", re.ASCII)


class Stage(StrEnum):
    """How far the dialogue has come."""

    CONNECT = "connect"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


BUSY = Means(TryLater, "The server is busy or asks to try again later (greylisting, a full mailbox, a limit).")
LOGIN_REFUSED = Means(NeedsReconnect, "The server does not accept this user name and password.")
TOO_BIG = Means(InvalidCall, "The server takes no message of this size.")

CODES: Mapping[tuple[Stage, int], Means] = {
    (Stage.CONNECT, 554): Means(GiveUp, "The server does not talk to us."),
    (Stage.LOGIN, 432): Means(NeedsReconnect, "The server wants the password to be changed first."),
    (Stage.LOGIN, 530): LOGIN_REFUSED,
    (Stage.LOGIN, 534): Means(NeedsReconnect, "The server wants another way to log in, as an app password."),
    (Stage.LOGIN, 535): LOGIN_REFUSED,
    (Stage.LOGIN, 538): Means(GiveUp, "The server wants encryption before the login."),
    (Stage.SENDER, 530): Means(NeedsReconnect, "The server wants a login before it takes messages."),
    (Stage.SENDER, 550): Means(GiveUp, "The server does not let this account send from this address."),
    (Stage.SENDER, 552): TOO_BIG,
    (Stage.SENDER, 553): Means(GiveUp, "The server does not let this account send from this address."),
    (Stage.RECIPIENT, 452): Means(TryLater, "The server takes no more recipients for this message, or is full."),
    (Stage.RECIPIENT, 530): Means(NeedsReconnect, "The server wants a login before it takes messages."),
    (Stage.RECIPIENT, 550): Means(InvalidCall, "There is no such mailbox, or it takes no messages."),
    (Stage.RECIPIENT, 551): Means(InvalidCall, "The recipient is elsewhere, and this server does not forward."),
    (Stage.RECIPIENT, 552): Means(InvalidCall, "The recipient's mailbox is full."),
    (Stage.RECIPIENT, 553): Means(InvalidCall, "The recipient's address is not one that this server takes."),
    (Stage.RECIPIENT, 554): Means(GiveUp, "The server refuses messages from here to this recipient."),
    (Stage.MESSAGE, 552): TOO_BIG,
    (Stage.MESSAGE, 550): Means(GiveUp, "The server refuses this message (its content, or its sender's reputation)."),
    (Stage.MESSAGE, 554): Means(GiveUp, "The server refuses this message (its content, or its sender's reputation)."),
}
"""Rows that say more than the code's first digit does."""

CLOSING = Means(Unavailable, "The server is closing down or wants to be left in peace.")

REST: Mapping[Stage, Means] = {
    Stage.CONNECT: Means(GiveUp, "The server refuses the connection for good."),
    Stage.LOGIN: LOGIN_REFUSED,
    Stage.SENDER: Means(GiveUp, "The server refuses the sender for good."),
    Stage.RECIPIENT: Means(InvalidCall, "The server refuses the recipient for good."),
    Stage.MESSAGE: Means(GiveUp, "The server refuses the message for good."),
}
"""Every other code of 500 to 599."""


def means(stage: Stage, code: int) -> Means:
    """What a refusal means."""
    if code == 421:
        return CLOSING
    if (row := CODES.get((stage, code))) is not None:
        return row
    if 400 <= code < 500:
        return BUSY
    if 500 <= code < 600:
        return REST[stage]
    return Means(Unexpected, "The server's answer is none that SMTP knows here.")


def refusal(stage: Stage, code: int, text: str) -> PlugFnError:
    """The error to raise: the message was not taken."""
    row = means(stage, code)
    return row.error(f"{row.meaning}{enhanced(text)}", code=f"smtp_{code}" if code > 0 else "not_smtp")


def enhanced(text: str) -> str:
    """' (5.1.1)' when the server says so."""
    found = ENHANCED.match(text)
    return f" ({found[1]})" if found else ""
