"""E-mail events: what happens to a sent message. Names and fields are the same for every e-mail provider."""

from pydantic import Field

from plugfn.definition import Result, Trigger


class EmailEvent(Result):
    """What happened to one message for one recipient. Fields that the provider does not send are empty."""

    email: str = Field(default="", repr=False)
    """The recipient's address."""
    message_id: str = ""
    """The `message_id` of the Sent that the call returned."""
    reference: str = ""
    """The `reference` of the Sent that the call returned."""
    event_id: str = ""
    timestamp: int = 0
    """Seconds since 1970, UTC."""
    reason: str = Field(default="", repr=False)
    """What the receiving server said."""
    status: str = ""
    """The receiving server's enhanced status code (RFC 3463), for example 5.1.1 for an unknown mailbox."""
    kind: str = ""
    """For a bounce: `bounce` if the mailbox refuses messages, `blocked` if it refused this message."""
    attempt: int = 0
    """For a deferral: how many times the provider has tried."""
    url: str = Field(default="", repr=False)
    """For a click: the link."""


SUMMARIES = {
    "processed": "The provider accepted the message and will try to deliver it.",
    "deferred": "The receiving server asked to try again later; the provider will retry.",
    "delivered": "The receiving server accepted the message.",
    "bounced": "The receiving server permanently refused the message.",
    "dropped": "The provider did not try to deliver it: the address had bounced, complained or unsubscribed before.",
    "opened": "The recipient, or a program acting for them, opened the message.",
    "clicked": "The recipient followed a link in the message.",
    "complained": "The recipient marked the message as spam.",
    "unsubscribed": "The recipient unsubscribed from all messages.",
    "group_unsubscribed": "The recipient unsubscribed from this group's messages.",
    "group_resubscribed": "The recipient subscribed to this group's messages again.",
}

TRIGGERS = tuple(Trigger(f"email.{name}", EmailEvent, summary) for name, summary in SUMMARIES.items())
