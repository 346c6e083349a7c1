"""What becomes of messages: the names and the shape that events have whichever provider tells them."""

from pydantic import Field

from plugfn.definition import Result, Trigger


class EmailEvent(Result):
    """What happened to one message for one recipient. What the provider does not tell is empty."""

    email: str = Field(default="", repr=False)
    """The recipient's address."""
    message_id: str = ""
    """As in the Sent that the call gave back."""
    reference: str = ""
    """As in the Sent that the call gave back."""
    event_id: str = ""
    timestamp: int = 0
    """Seconds since 1970, UTC."""
    reason: str = Field(default="", repr=False)
    """What the receiving server said."""
    status: str = ""
    """Its enhanced status code (RFC 3463), 5.1.1 for an unknown mailbox."""
    kind: str = ""
    """Of a bounce: `bounce` for a mailbox that refuses, `blocked` for a message that is refused."""
    attempt: int = 0
    """Of a deferral: how often it was tried."""
    url: str = Field(default="", repr=False)
    """Of a click: the link."""


SUMMARIES = {
    "processed": "The provider has taken the message and will try to deliver it.",
    "deferred": "The receiving server asked to try again later; the provider does.",
    "delivered": "The receiving server has accepted the message.",
    "bounced": "The receiving server has refused it for good.",
    "dropped": "The provider did not even try: the address bounced, complained or unsubscribed before.",
    "opened": "The recipient has opened it, or a program has for them.",
    "clicked": "The recipient has followed a link in it.",
    "complained": "The recipient has called it spam.",
    "unsubscribed": "The recipient wants no more messages.",
    "group_unsubscribed": "The recipient wants no more messages of this group.",
    "group_resubscribed": "The recipient wants messages of this group again.",
}

TRIGGERS = tuple(Trigger(f"email.{name}", EmailEvent, summary) for name, summary in SUMMARIES.items())
