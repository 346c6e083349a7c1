"""uazapi's answers, with the fields that PlugFn uses. Booleans and times may also be strings."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from plugfn.definition import Result
from plugfn.providers.whatsapp_uazapi.vocabulary import MessageState

_STATES = {
    "queued": MessageState.QUEUED,
    "pending": MessageState.QUEUED,
    "sent": MessageState.SENT,
    "success": MessageState.SENT,
    "server_ack": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "delivery_ack": MessageState.DELIVERED,
    "read": MessageState.READ,
    "played": MessageState.READ,
    "failed": MessageState.FAILED,
    "error": MessageState.FAILED,
    "canceled": MessageState.FAILED,
    "cancelled": MessageState.FAILED,
}
_MILLISECONDS_FROM = 100_000_000_000
"""A larger number is milliseconds: as seconds it would be after the year 5138."""
_FAR = 253_402_300_799


def as_bool(value: Any) -> bool:
    """True, "true", "True", 1 and "1"; everything else is False."""
    return value is True or str(value).strip().lower() in ("true", "1")


def as_text(value: Any) -> str:
    """The value as text that any database can store: without NULs and lone surrogates. Other types become empty."""
    if isinstance(value, str) and value.isascii() and "\x00" not in value:
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()


def as_time(value: Any) -> datetime | None:
    """A time from seconds or milliseconds, as a number or its digits; None for anything else."""
    try:
        stamp = float(str(value))
    except ValueError:
        return None
    seconds = stamp / 1000 if stamp >= _MILLISECONDS_FROM else stamp
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _FAR else None


def state_of(value: Any) -> MessageState | None:
    """The state that uazapi's word means; None for an unknown word."""
    return _STATES.get(as_text(value).strip().lower())


LenientBool = Annotated[bool, BeforeValidator(as_bool)]
LenientText = Annotated[str, BeforeValidator(as_text)]
LenientTime = Annotated[datetime | None, BeforeValidator(as_time)]


class Wire(Result):
    """Base class: its repr and errors show no field, because people wrote some of them."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class WireMessage(Wire):
    """A Message object."""

    messageid: LenientText = ""
    id: LenientText = ""
    chatid: LenientText = ""
    status: LenientText = ""
    messageTimestamp: LenientTime = None
    track_id: LenientText = ""


class WireFound(Wire):
    """The answer of /message/find."""

    messages: list[WireMessage] = []


class WireCheck(Wire):
    """One row of the answer of /chat/check."""

    query: LenientText = ""
    jid: LenientText = ""
    lid: LenientText = ""
    isInWhatsapp: LenientBool = False


class WireJid(Wire):
    """The account's own WhatsApp address."""

    user: LenientText = ""


class WireLink(Wire):
    """`status` in the answer of /instance/status: an object says whether the account is ready, a string does not."""

    connected: LenientBool = False
    loggedIn: LenientBool = False
    jid: WireJid | None = None


class WireInstance(Wire):
    """`instance` in the same answer. Its other fields (the token, an OpenAI key) are dropped here."""

    name: LenientText = ""
    profileName: LenientText = ""
    status: LenientText = ""


class WireStatus(Wire):
    """The answer of /instance/status."""

    status: WireLink
    instance: WireInstance = WireInstance()
