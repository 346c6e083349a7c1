"""The states of a send: which change is news and which came too late, and who is told."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.events.emit import emit
from apps.integrations.conversations.outgoing import mirror
from apps.integrations.models import Send

State = Send.State
# A later state is never taken back by an earlier one, whatever the order in which vendors report them.
_RANK = {State.QUEUED: 0, State.SENDING: 1, State.UNKNOWN: 1, State.SENT: 2, State.DELIVERED: 3, State.READ: 4}
_TIMES = {State.SENT: "sent_at", State.DELIVERED: "delivered_at", State.READ: "read_at", State.FAILED: "failed_at"}
# Others hear of these.
_TOLD = frozenset({State.SENT, State.DELIVERED, State.READ, State.FAILED, State.UNKNOWN})


def is_news(send: Send, state: str) -> bool:
    """Whether a vendor's report changes what we know. A message that arrived has not failed."""
    if state == State.FAILED:
        return send.state not in (State.FAILED, State.DELIVERED, State.READ)
    return send.state == State.FAILED or _RANK[State(state)] > _RANK[State(send.state)]


def change(send: Send, state: str, *, at: datetime | None = None, vendor_id: str = "", error_code: str = "") -> None:
    """Store the state in the caller's transaction, on the message of the conversation too, and announce it."""
    values: dict[str, Any] = {"state": state, "error_code": error_code[:100]}
    if (column := _TIMES.get(State(state))) is not None:
        values[column] = at or timezone.now()
    if vendor_id:
        values["vendor_id"] = vendor_id
    for name, value in values.items():
        setattr(send, name, value)
    Send.objects.filter(pk=send.pk).update(**values)
    mirror(send)
    if state in _TOLD:
        _announce(send)


def _announce(send: Send) -> None:
    payload = {"send": str(send.pk), "state": send.state, "channel": send.channel, "error_code": send.error_code}
    emit("message.status", mailbox=f"send:{send.pk.hex}", client=send.client_id, payload=payload)
