"""Sends one message once: tries both spellings of a Brazilian number, and looks up an unknown outcome."""

import asyncio
from typing import Any

from plugfn.definition import Call
from plugfn.errors import InvalidParams, NotFound, PlugFnError, Problem, Unavailable, Unexpected
from plugfn.net.answer import Answer
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.reading import check_numbers, read_by_post
from plugfn.providers.whatsapp_uazapi.vocabulary import MessageState, SentMessage
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import digits, spellings
from plugfn.providers.whatsapp_uazapi.vocabulary.recipient import Outgoing
from plugfn.providers.whatsapp_uazapi.wire import WireFound, WireMessage, state_of

SOURCE = "plugfn"
LOOKUP_DELAYS = (0.0, 1.5)
"""Seconds to wait before each lookup of a message for which uazapi gave no answer."""
LOOKUP_SECONDS = 5.0

Uazapi = Call[UazapiInstance]


async def send(call: Uazapi, path: str, message: Outgoing, body: dict[str, Any], seconds: float) -> SentMessage:
    """Posts `body` to the message's recipient. `seconds`: how long to wait for an answer.

    Raises the errors of the error table; Unavailable with `maybe_done` if it stays unknown whether it was sent."""
    tracking = message.tracking or call.attempt_id
    if message.tracking and (earlier := await find_sent(call, tracking)):
        return earlier[0]
    common: dict[str, Any] = {"track_id": tracking, "track_source": SOURCE}
    if message.reply_to:
        common["replyid"] = message.reply_to
    number = number_of(message)
    try:
        return await _post(call, path, {"number": number, **common, **body}, tracking, seconds)
    except NotFound as error:
        account = await _other_account(call, message) if error.code == "not_on_whatsapp" else None
        if account is None:
            raise
    return await _post(call, path, {"number": account, **common, **body}, tracking, seconds)


def number_of(message: Outgoing) -> str:
    """The recipient in uazapi's form. Raises InvalidParams for an id that is not one of uazapi's."""
    if message.group is not None:
        return _address("group", message.group, "@g.us")
    if message.user is not None:
        return _address("user", message.user, "@lid")
    return digits(message.to or "")


def _address(field: str, recipient: str, ending: str) -> str:
    if not recipient.removesuffix(ending).replace("-", "").isdecimal() or not recipient.endswith(ending):
        problem = Problem(field, f"must be digits and end in {ending}")
        raise InvalidParams("the recipient's id is not valid", problems=[problem])
    return recipient


async def find_sent(call: Uazapi, tracking: str) -> list[SentMessage]:
    """The messages with this tracking id that uazapi has and that did not fail, oldest first."""
    asked = {"track_id": tracking, "track_source": SOURCE, "limit": 20}
    answer = (await read_by_post(call, "/message/find", asked)).read(WireFound)
    # Filtered again here, because a gateway that does not know the filter returns all messages.
    ours = [message for message in answer.messages if message.track_id == tracking and message.messageid]
    sent = [_sent(message, tracking, found=True) for message in reversed(ours)]
    return [message for message in sent if message.state is not MessageState.FAILED]


async def _other_account(call: Uazapi, message: Outgoing) -> str | None:
    """The other spelling of a Brazilian mobile number, if an account on WhatsApp has it."""
    others = spellings(message.to)[1:] if message.to else ()
    if not others:
        return None
    rows = await check_numbers(call, others)
    return next((digits(row.account) for row in rows if row.account in others), None)


async def _post(call: Uazapi, path: str, body: dict[str, Any], tracking: str, seconds: float) -> SentMessage:
    try:
        async with asyncio.timeout(seconds):
            answer = await call.http.post(path, json=body)
    except TimeoutError:
        return await _look_up(call, tracking, "timeout")
    except Unavailable as error:
        if not error.maybe_done:
            raise
        return await _look_up(call, tracking, error.code)
    message = _accepted(answer)
    return _sent(message, tracking) if message.messageid else await _look_up(call, tracking, "wrong_shape")


def _accepted(answer: Answer) -> WireMessage:
    """The message that the gateway accepted; without an id if the answer cannot be read."""
    try:
        return answer.read(WireMessage)
    except Unexpected:
        return WireMessage()


async def _look_up(call: Uazapi, tracking: str, code: str) -> SentMessage:
    """Looks up a message for which uazapi gave no answer: if uazapi has it, it was sent. Never sends it again."""
    for wait in LOOKUP_DELAYS:
        await asyncio.sleep(wait)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                messages = await find_sent(call, tracking)
        except (PlugFnError, TimeoutError):
            continue
        if messages:
            return messages[0]
    raise Unavailable("The gateway did not answer, and does not list the message yet.", maybe_done=True, code=code)


def _sent(message: WireMessage, tracking: str, *, found: bool = False) -> SentMessage:
    return SentMessage(
        id=message.messageid,
        state=state_of(message.status) or MessageState.SENT,
        sent_at=message.messageTimestamp,
        tracking=tracking,
        chat=message.chatid,
        found=found,
    )
