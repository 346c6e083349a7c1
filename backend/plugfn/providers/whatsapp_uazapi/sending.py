"""Sends one message, once: a number is tried as WhatsApp knows it, and an unclear outcome is looked up."""

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
LOOKS = (0.0, 1.5)
"""Seconds to wait before each look for a message whose sending was not answered."""
LONGEST_LOOK = 5.0

Uazapi = Call[UazapiInstance]


async def send(call: Uazapi, path: str, message: Outgoing, body: dict[str, Any], patience: float) -> SentMessage:
    """Post `body` to the message's recipient. `patience`: seconds until an answer is no longer waited for.

    Raises as the error table says; Unavailable with `maybe_done` when it stays unclear whether it went out."""
    tracking = message.tracking or call.attempt_id
    if message.tracking and (earlier := await went_out(call, tracking)):
        return earlier[0]
    common: dict[str, Any] = {"track_id": tracking, "track_source": SOURCE}
    if message.reply_to:
        common["replyid"] = message.reply_to
    number = number_of(message)
    try:
        return await _post(call, path, {"number": number, **common, **body}, tracking, patience)
    except NotFound as error:
        account = await _other_account(call, message) if error.code == "not_on_whatsapp" else None
        if account is None:
            raise
    return await _post(call, path, {"number": account, **common, **body}, tracking, patience)


def number_of(message: Outgoing) -> str:
    """The recipient as uazapi names it. Raises InvalidParams: an id that is not one of uazapi's."""
    if message.group is not None:
        return _address("group", message.group, "@g.us")
    if message.user is not None:
        return _address("user", message.user, "@lid")
    return digits(message.to or "")


def _address(field: str, given: str, ending: str) -> str:
    if not given.removesuffix(ending).replace("-", "").isdecimal() or not given.endswith(ending):
        raise InvalidParams("the recipient cannot be reached", problems=[Problem(field, f"does not end in {ending}")])
    return given


async def went_out(call: Uazapi, tracking: str) -> list[SentMessage]:
    """The messages of this tracking id that uazapi has and did not fail to send, oldest first."""
    asked = {"track_id": tracking, "track_source": SOURCE, "limit": 20}
    found = (await read_by_post(call, "/message/find", asked)).read(WireFound)
    # Asked for again here: a gateway that does not know the filter answers with everything.
    ours = [one for one in found.messages if one.track_id == tracking and one.messageid]
    sent = [_sent(one, tracking, found=True) for one in reversed(ours)]
    return [one for one in sent if one.state is not MessageState.FAILED]


async def _other_account(call: Uazapi, message: Outgoing) -> str | None:
    """The number, other than the one tried, under which the account of a Brazilian mobile number exists."""
    others = spellings(message.to)[1:] if message.to else ()
    if not others:
        return None
    rows = await check_numbers(call, others)
    return next((digits(row.account) for row in rows if row.account in others), None)


async def _post(call: Uazapi, path: str, body: dict[str, Any], tracking: str, patience: float) -> SentMessage:
    try:
        async with asyncio.timeout(patience):
            answer = await call.http.post(path, json=body)
    except TimeoutError:
        return await _looked_up(call, tracking, "timeout")
    except Unavailable as error:
        if not error.maybe_done:
            raise
        return await _looked_up(call, tracking, error.code)
    message = _accepted(answer)
    return _sent(message, tracking) if message.messageid else await _looked_up(call, tracking, "wrong_shape")


def _accepted(answer: Answer) -> WireMessage:
    """The message that was taken; without its id when that cannot be read."""
    try:
        return answer.read(WireMessage)
    except Unexpected:
        return WireMessage()


async def _looked_up(call: Uazapi, tracking: str, code: str) -> SentMessage:
    """The message that was not answered for, if uazapi has it: then it was sent. Nothing is sent a second time."""
    for wait in LOOKS:
        await asyncio.sleep(wait)
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                found = await went_out(call, tracking)
        except (PlugFnError, TimeoutError):
            continue
        if found:
            return found[0]
    raise Unavailable("The gateway did not answer, and does not have the message yet.", maybe_done=True, code=code)


def _sent(message: WireMessage, tracking: str, *, found: bool = False) -> SentMessage:
    return SentMessage(
        id=message.messageid,
        state=state_of(message.status) or MessageState.SENT,
        sent_at=message.messageTimestamp,
        tracking=tracking,
        chat=message.chatid,
        found=found,
    )
