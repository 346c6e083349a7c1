"""Delivering a send: one call to the vendor, with its intent committed before and its outcome after.

queued ──> sending ──> sent            the vendor accepted it
                  └──> queued          nothing was done: the event is retried
                  └──> failed          a retry cannot help
                  └──> unknown         no answer came: the vendor is asked, and nothing is repeated
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone
from pydantic import BaseModel

from apps.events.kinds import rules_of
from apps.events.models import Event
from apps.events.together import finish_together, write_together
from apps.events.work import Batch, Handler
from apps.integrations.conversations.outgoing import has_opted_out
from apps.integrations.faults import as_ponte
from apps.integrations.models import Integration, Send
from apps.integrations.plug import plug
from apps.integrations.sending.lookup import was_sent
from apps.integrations.sending.recipient import recipients_of
from apps.integrations.sending.request import AUTOMATIC
from apps.integrations.sending.states import change, change_all
from apps.integrations.store.scope import acting_for
from lib.errors import NeedsUser, Permanent, PonteError, Temporary, Throttled
from lib.row_security import for_client
from plugfn.errors import OutcomeUnknown, PlugFnError

logger = logging.getLogger(__name__)

# Seconds of one call with everything around it: shorter than a lease.
CALL_SECONDS = 40.0
# Seconds until a paused integration is looked at again.
PAUSED_FOR = 60.0


# What came of a call: the vendor's answer, or an error.
Result = BaseModel | BaseException


@dataclass(frozen=True)
class Begun:
    """A send that this run may deliver, or whose outcome it must find out."""

    send: Send
    integration: UUID
    is_lookup: bool


def deliver(batch: Batch) -> str:
    """The handler of `send.requested`. Returns the state in which the send ended."""
    event = batch.events[0]
    if event.client_id is None:
        return "gone"
    batch.serve(event.client_id)
    begun = _begin(batch, event)
    if isinstance(begun, str):
        return begun
    if begun.is_lookup:
        return _look_up(batch, event, begun)
    [result] = _call([begun])
    return _conclude(batch, begun, result)


def deliver_together(batches: list[Batch]) -> list[tuple[Batch, Handler]]:
    """Like `deliver`, for sends of one client: their calls are under way at once. Returns those that are not sent."""
    client = batches[0].events[0].client_id
    if client is None:
        return [(batch, deliver) for batch in batches]
    with for_client(client):
        begun = _begin_together(batches)
        results = dict(zip(begun, _call(list(begun.values())), strict=True))
        _finish_together(begun, {batch: each for batch, each in results.items() if isinstance(each, BaseModel)})
    left: list[tuple[Batch, Handler]] = [(batch, deliver) for batch in batches if batch not in begun]
    for batch, result in results.items():
        if not batch.finished:
            left.append((batch, partial(_conclude_for, client, begun=begun[batch], result=result)))
    return left


def _conclude_for(client: UUID, batch: Batch, *, begun: Begun, result: Result) -> str:
    batch.serve(client)
    return _conclude(batch, begun, result)


def _conclude(batch: Batch, begun: Begun, result: Result) -> str:
    """Store what follows from the answer to the call. Returns the state in which the send ended."""
    event = batch.events[0]
    if isinstance(result, OutcomeUnknown):
        return _unknown(batch, event, begun)
    if isinstance(result, PlugFnError):
        return _not_sent(batch, event, begun, as_ponte(result))
    if isinstance(result, BaseException):
        raise result
    return _finish(batch, begun.send, Send.State.SENT, vendor_id=_vendor_id(result))


# The send, whether its integration is paused, and whether its recipient wants no automatic messages.
_READ = """
    SELECT send.*, integration.paused_at, EXISTS (
        SELECT FROM integrations_contact AS contact
        WHERE contact.client_id = send.client_id AND contact.opted_out_at IS NOT NULL
            AND (contact.phone_index = send.recipient_index OR contact.email_index = send.recipient_index
                OR contact.handle_index = send.recipient_index)
    ) AS opted_out
    FROM integrations_send AS send LEFT JOIN integrations_integration AS integration
        ON integration.id = send.integration_id
    WHERE send.id = ANY(%s)
"""
_SENDING = """
    UPDATE integrations_send SET state = 'sending', sending_at = clock_timestamp(), attempts = attempts + 1
    WHERE id = ANY(%s)
"""


def _begin(batch: Batch, event: Event) -> Begun | str:
    """Commit that the call is about to be made. Returns an outcome if there is nothing to do."""
    with batch.write():
        send = next(_read([event]), None)
        if send is None:
            return "gone"
        if send.state not in (Send.State.QUEUED, Send.State.SENDING, Send.State.UNKNOWN):
            return str(send.state)
        if code := _hindrance(send):
            change(send, Send.State.FAILED, error_code=code)
            return Send.State.FAILED
        if send.paused_at is not None:
            raise Throttled("the integration is paused", retry_after=PAUSED_FOR, code="paused")
        is_lookup = send.state != Send.State.QUEUED
        if not is_lookup:
            _mark_sending([send])
        return Begun(send, send.integration_id, is_lookup)


def _begin_together(batches: list[Batch]) -> dict[Batch, Begun]:
    """Commit that the calls are about to be made, for those sends that nothing is in the way of."""
    with write_together(batches) as held:
        of_send = {UUID(batch.events[0].data["send"]): batch for batch in held}
        sends = [
            send
            for send in _read([batch.events[0] for batch in held])
            if send.state == Send.State.QUEUED and send.paused_at is None and not _hindrance(send)
        ]
        _mark_sending(sends)
        return {of_send[send.pk]: Begun(send, send.integration_id, is_lookup=False) for send in sends}


def _read(events: list[Event]) -> Iterator[Any]:
    """The sends of these events, with `paused_at` and `opted_out`."""
    return iter(Send.objects.raw(_READ, [[UUID(event.data["send"]) for event in events]]))


def _mark_sending(sends: list[Send]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SENDING, [[send.pk for send in sends]])


def _hindrance(send: Any) -> str:
    """The code of why it can never go out; empty if it may."""
    if send.state == Send.State.QUEUED and send.source in AUTOMATIC and (send.opted_out or _others_opted_out(send)):
        return "opted_out"
    return "integration_gone" if send.integration_id is None else ""


def _others_opted_out(send: Send) -> bool:
    """Whether one of several recipients wants no automatic messages."""
    recipients = recipients_of(send.channel, send.params)
    return len(recipients) > 1 and has_opted_out(send.client_id, recipients)


def _call(begun: list[Begun]) -> list[Result]:
    """Make the calls, at once. Returns the vendors' answers, or the errors."""
    if not begun:
        return []
    with acting_for(begun[0].send.client_id):
        return plug().wait_for(_all(begun))


async def _all(begun: list[Begun]) -> list[Result]:
    return await asyncio.gather(*map(_one, begun), return_exceptions=True)


async def _one(begun: Begun) -> BaseModel:
    send = begun.send
    result: BaseModel = await plug().plug.run(
        f"{send.provider}.{send.action}",
        user_id=str(send.client_id),
        connection_id=begun.integration.hex,
        params=send.params,
        call_id=send.pk.hex,
        retry="none",
        timeout=CALL_SECONDS,
    )
    return result


def _vendor_id(result: BaseModel) -> str:
    """The vendor's id of the message, under the names that the providers' results have for it."""
    values: dict[str, Any] = result.model_dump()
    return str(next((values[name] for name in ("message_id", "id", "ts") if values.get(name)), ""))[:200]


def _not_sent(batch: Batch, event: Event, begun: Begun, error: PonteError) -> str:
    """Nothing was done. The event is retried if that may help; else the send has failed."""
    if isinstance(error, NeedsUser | Permanent):
        _note_trouble(batch, begun.integration, error)
        return _finish(batch, begun.send, Send.State.FAILED, error_code=error.code)
    is_last = not isinstance(error, Throttled) and rules_of(event.kind).retry.exhausted(event.attempts)
    with batch.write():
        change(begun.send, Send.State.FAILED if is_last else Send.State.QUEUED, error_code=error.code)
    raise error


def _note_trouble(batch: Batch, integration: UUID, error: PonteError) -> None:
    """Show at the integration why its messages fail. PlugFn itself marks credentials that the vendor refuses."""
    if not isinstance(error, NeedsUser):
        return
    with batch.write():
        Integration.objects.filter(pk=integration).update(last_error=error.code[:100], last_error_at=timezone.now())


def _unknown(batch: Batch, event: Event, begun: Begun) -> str:
    with batch.write():
        change(begun.send, Send.State.UNKNOWN, error_code="outcome_unknown")
    return _look_up(batch, event, begun)


def _look_up(batch: Batch, event: Event, begun: Begun) -> str:
    """Ask the vendor what became of it, as often as the retries allow. It is never sent again from here."""
    batch.renew()
    found = was_sent(begun.send)
    if found:
        return _finish(batch, begun.send, Send.State.SENT, vendor_id=found)
    if found is None or rules_of(event.kind).retry.exhausted(event.attempts):
        return _finish(batch, begun.send, Send.State.UNKNOWN, error_code="outcome_unknown")
    raise Temporary("the vendor does not know yet whether it was sent", code="outcome_unknown")


def _finish(batch: Batch, send: Send, state: Send.State, *, vendor_id: str = "", error_code: str = "") -> str:
    with batch.finish(state):
        change(send, state, vendor_id=vendor_id, error_code=error_code)
    return state


def _finish_together(begun: Mapping[Batch, Begun], sent: Mapping[Batch, BaseModel]) -> None:
    if not sent:
        return
    try:
        with finish_together(list(sent), Send.State.SENT) as held:
            change_all({begun[batch].send: _vendor_id(sent[batch]) for batch in held}, Send.State.SENT)
    except DatabaseError as error:
        # The vendor has the messages, so each of them is tried again by itself.
        logger.warning("[TASK] %d sends could not be stored together (%s).", len(sent), type(error).__name__)
