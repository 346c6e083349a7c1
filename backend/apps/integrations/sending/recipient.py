"""Who gets a message: for the order of messages to one person, for opt-outs, and for people who look for a send."""

from collections.abc import Mapping
from typing import Any

from lib import crypto
from plugfn.mail.address import folded

# The parameter of an action that names the recipient, by the channel.
_NAMED_BY = {"whatsapp": ("to", "user", "group"), "slack": ("channel",)}


def index_of(address: str) -> bytes:
    """The keyed digest of a phone number or an address: the same for an upper-case spelling."""
    return crypto.blind_index(folded(address), "integrations.address")


def recipient_of(channel: str, params: Mapping[str, Any]) -> str:
    """The first recipient, from validated parameters. Empty if the channel has none."""
    if channel == "email":
        return str(params["to"][0]["email"])
    return next((str(params[name]) for name in _NAMED_BY.get(channel, ()) if params.get(name)), "")


def recipients_of(channel: str, params: Mapping[str, Any]) -> list[str]:
    """All recipients."""
    if channel != "email":
        return [address] if (address := recipient_of(channel, params)) else []
    return [str(mailbox["email"]) for name in ("to", "cc", "bcc") for mailbox in params.get(name) or ()]
