"""What uazapi answers, as far as it is used. Read leniently: booleans and times come native or spelt as strings."""

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
"""Seconds do not get there before the year 5138."""
_FAR = 253_402_300_799


def flag(value: Any) -> bool:
    """True, "true", "True", 1 and "1"; everything else is False."""
    return value is True or str(value).strip().lower() in ("true", "1")


def words(value: Any) -> str:
    """Text that can be stored anywhere: no NULs, no half characters; numbers spelt; everything else empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()


def moment(value: Any) -> datetime | None:
    """A time in seconds or milliseconds, as a number or its digits; None when it is neither or none."""
    try:
        stamp = float(str(value))
    except ValueError:
        return None
    seconds = stamp / 1000 if stamp >= _MILLISECONDS_FROM else stamp
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _FAR else None


def state_of(value: Any) -> MessageState | None:
    """uazapi's word for how far a message is; None for words that say nothing of that."""
    return _STATES.get(words(value).strip().lower())


Flag = Annotated[bool, BeforeValidator(flag)]
Words = Annotated[str, BeforeValidator(words)]
Moment = Annotated[datetime | None, BeforeValidator(moment)]


class Wire(Result):
    """Base: nothing of it in errors or repr that a person wrote."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class WireMessage(Wire):
    """A Message object."""

    messageid: Words = ""
    id: Words = ""
    chatid: Words = ""
    status: Words = ""
    messageTimestamp: Moment = None
    track_id: Words = ""


class WireFound(Wire):
    """The answer of /message/find."""

    messages: list[WireMessage] = []


class WireCheck(Wire):
    """One row of the answer of /chat/check."""

    query: Words = ""
    jid: Words = ""
    lid: Words = ""
    isInWhatsapp: Flag = False


class WireJid(Wire):
    """The account's own address."""

    user: Words = ""


class WireLink(Wire):
    """`status` in the answer of /instance/status: an object, and what counts. A string never means ready."""

    connected: Flag = False
    loggedIn: Flag = False
    jid: WireJid | None = None


class WireInstance(Wire):
    """`instance` there. What else it holds (the token, an OpenAI key) is dropped here."""

    name: Words = ""
    profileName: Words = ""
    status: Words = ""


class WireStatus(Wire):
    """The answer of /instance/status."""

    status: WireLink
    instance: WireInstance = WireInstance()
