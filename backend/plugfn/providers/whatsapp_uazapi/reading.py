"""Reads from uazapi: whether numbers are on WhatsApp, and the account's status."""

from collections.abc import Sequence
from typing import Any

from plugfn.definition import Call
from plugfn.errors import Unavailable, Unexpected
from plugfn.net.answer import Answer, read_as
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.vocabulary import LineStatus, LinkState, NumberCheck
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import digits, from_digits, from_jid
from plugfn.providers.whatsapp_uazapi.wire import WireCheck, WireStatus

Uazapi = Call[UazapiInstance]


async def read_by_post(call: Uazapi, path: str, body: dict[str, Any]) -> Answer:
    """A POST that only reads, as some of uazapi's do: even without an answer, the call has changed nothing."""
    try:
        return await call.http.post(path, json=body, reads=True)
    except Unavailable as error:
        raise Unavailable(error.message, retry_after=error.retry_after, code=error.code) from None


async def check_numbers(call: Uazapi, phones: Sequence[str]) -> list[NumberCheck]:
    """For each of these E.164 numbers, whether an account on WhatsApp has it."""
    answer = await read_by_post(call, "/chat/check", {"numbers": [digits(phone) for phone in phones]})
    rows = answer.json()
    if not isinstance(rows, list):
        raise Unexpected("the answer is not a list", code="wrong_shape")
    known = {row.query.lstrip("+"): row for row in (read_as(WireCheck, each) for each in rows)}
    return [_checked(phone, known.get(digits(phone), WireCheck())) for phone in phones]


def _checked(phone: str, row: WireCheck) -> NumberCheck:
    account = f"+{row.jid.partition('@')[0]}" if from_jid(row.jid) else None
    if not row.isInWhatsapp:
        return NumberCheck(asked=phone, phone=phone)
    return NumberCheck(asked=phone, phone=phone, on_whatsapp=True, account=account, user=row.lid or None)


async def line_status(call: Uazapi) -> LineStatus:
    """The account's status. It is ready if connected and logged in; `instance.status` is not enough."""
    answer = (await call.http.get("/instance/status")).read(WireStatus)
    link = answer.status
    ready = link.connected and link.loggedIn
    waiting = link.connected or answer.instance.status == "connecting"
    phone = from_digits(link.jid.user.partition(":")[0]) if link.jid else None
    state: LinkState = "connected" if ready else "connecting" if waiting else "disconnected"
    return LineStatus(ready=ready, state=state, phone=phone, name=answer.instance.profileName or answer.instance.name)
