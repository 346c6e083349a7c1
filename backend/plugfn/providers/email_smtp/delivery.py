"""Delivers one message to the server, and always knows how far it got."""

import asyncio
import re
from dataclasses import dataclass, field

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol

from plugfn.definition import Doubt
from plugfn.errors import InvalidCall, PlugFnError, TryLater, Unavailable, Unexpected
from plugfn.mail.send import Rejected
from plugfn.providers.email_smtp.dialogue import at, translated
from plugfn.providers.email_smtp.meaning import Stage, enhanced, means, refusal

ANSWER_SECONDS = 240.0
"""Seconds to wait for the answer to the last dot: servers scan the message for viruses first."""

CHUNK = 65536
"""Bytes to write at once: small enough that a TLS transport's buffer size shows the backlog."""

POLL_SECONDS = 0.005
_SIZE = re.compile(r"[0-9]{1,20}")
CONTINUE, DONE = 354, 250


@dataclass
class Envelope:
    """Sender and recipients of a message, and which recipients the server accepted or rejected."""

    sender: str
    recipients: list[str]
    utf8: bool
    accepted: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


async def deliver(smtp: SMTP, envelope: Envelope, message: bytes, doubt: Doubt) -> None:
    """Sends the message. Raises TryLater, InvalidCall, GiveUp, NeedsReconnect, Unavailable: it was not sent.

    After the last dot, the message may have been sent: `doubt.possible` is set, and Unavailable has `maybe_done`.
    If the server refuses only some recipients, this is no error: the others get the message, and the envelope lists
    the refusals."""
    await _mail(smtp, envelope, len(message))
    refusals = [error for address in envelope.recipients if (error := await _rcpt(smtp, envelope, address))]
    if not envelope.accepted:
        raise _error_of(refusals)
    await _data(smtp)
    await _content(smtp, message)
    doubt.possible = True
    await _end(smtp)


async def _mail(smtp: SMTP, envelope: Envelope, size: int) -> None:
    if envelope.utf8 and not smtp.supports_extension("smtputf8"):
        raise InvalidCall("The server only accepts addresses in ASCII.", code="no_smtputf8")
    options = []
    if smtp.supports_extension("size"):
        most = smtp.esmtp_extensions["size"]
        if _SIZE.fullmatch(most) and 0 < int(most) < size:
            raise InvalidCall("The message is too big for the server.", code="too_big")
        options.append(f"SIZE={size}")
    if envelope.utf8:
        options += ["BODY=8BITMIME", "SMTPUTF8"]
    with at(Stage.SENDER):
        await smtp.mail(envelope.sender, options=options, encoding="utf-8" if envelope.utf8 else "ascii")


async def _rcpt(smtp: SMTP, envelope: Envelope, address: str) -> PlugFnError | None:
    """The server's refusal of this recipient, if any. Raises if the whole dialogue has failed."""
    try:
        await smtp.rcpt(address, encoding="utf-8" if envelope.utf8 else "ascii")
    except (SMTPException, OSError) as error:
        failure = translated(error, Stage.RECIPIENT)
        code, text = _reply(error)
    else:
        envelope.accepted.append(address)
        return None
    if isinstance(failure, (Unavailable, Unexpected)):
        raise failure
    reason = f"{means(Stage.RECIPIENT, code).meaning}{enhanced(text)}"
    permanent = not isinstance(failure, TryLater)
    envelope.rejected.append(Rejected(address=address, code=failure.code, reason=reason, permanent=permanent))
    return failure


def _reply(error: Exception) -> tuple[int, str]:
    return (error.code, error.message) if isinstance(error, SMTPResponseException) else (-1, "")


def _error_of(refusals: list[PlugFnError]) -> PlugFnError:
    """The error if all recipients were refused: TryLater if the server may accept at least one of them later."""
    return next((each for each in refusals if isinstance(each, TryLater)), refusals[0])


async def _data(smtp: SMTP) -> None:
    with at(Stage.MESSAGE):
        response = await smtp.execute_command(b"DATA")
    if response.code != CONTINUE:
        raise refusal(Stage.MESSAGE, response.code, response.message)


async def _content(smtp: SMTP, message: bytes) -> None:
    """Writes all but the last dot, as fast as the network accepts it: before the dot, the server does not act."""
    stuffed = _stuffed(message)
    with at(Stage.MESSAGE):
        async with asyncio.timeout(ANSWER_SECONDS):
            for start in range(0, len(stuffed), CHUNK):
                _write(smtp, stuffed[start : start + CHUNK])
                # A lost connection is only noticed when the event loop runs.
                await asyncio.sleep(0)
                while _unsent_bytes(smtp):
                    await asyncio.sleep(POLL_SECONDS)


def _stuffed(message: bytes) -> bytes:
    """The message with CRLF at its end, and a second dot before each line that begins with one (RFC 5321, 4.5.2)."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = ended.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _unsent_bytes(smtp: SMTP) -> int:
    transport = smtp.transport
    return transport.get_write_buffer_size() if isinstance(transport, asyncio.WriteTransport) else 0


def _write(smtp: SMTP, data: bytes) -> SMTPProtocol:
    if smtp.protocol is None or not smtp.is_connected:
        raise Unavailable("The connection was lost before the message was sent.", code="disconnected")
    smtp.protocol.write(data)
    return smtp.protocol


async def _end(smtp: SMTP) -> None:
    protocol = _write(smtp, b".\r\n")
    try:
        response = await protocol.read_response(timeout=ANSWER_SECONDS)
    except (SMTPException, OSError):
        raise _unclear("The connection was lost before the server confirmed the message.", "disconnected") from None
    if 400 <= response.code < 600:
        raise refusal(Stage.MESSAGE, response.code, response.message)
    if response.code != DONE:
        raise _unclear("The server's answer to the message is not valid SMTP.", "not_smtp")


def _unclear(message: str, code: str) -> Unavailable:
    return Unavailable(message, maybe_done=True, code=code)
