"""The states of a send: which change is news and which came too late, and who is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.events.emit import domain_event, emit_all
from apps.events.store import Row
from apps.integrations.models import Send

State = Send.State
# A later state is never taken back by an earlier one, whatever the order in which vendors report them.
_RANK = {State.QUEUED: 0, State.SENDING: 1, State.UNKNOWN: 1, State.SENT: 2, State.DELIVERED: 3, State.READ: 4}
_TIMES = {State.SENT: "sent_at", State.DELIVERED: "delivered_at", State.READ: "read_at", State.FAILED: "failed_at"}
# What a vendor may have reported while the call was under way, and that its answer does not take back.
_FURTHER = {
    State.QUEUED: [State.SENT, State.DELIVERED, State.READ],
    State.UNKNOWN: [State.SENT, State.DELIVERED, State.READ],
    State.SENT: [State.DELIVERED, State.READ],
    State.FAILED: [State.DELIVERED, State.READ],
}
# Others hear of these.
_TOLD = frozenset({State.SENT, State.DELIVERED, State.READ, State.FAILED, State.UNKNOWN})


def is_news(send: Send, state: str) -> bool:
    """Whether a vendor's report changes what we know. A message that arrived has not failed."""
    if state == State.FAILED:
        return send.state not in (State.FAILED, State.DELIVERED, State.READ)
    return send.state == State.FAILED or _RANK[State(state)] > _RANK[State(send.state)]


# The vendor told of the message before it answered us: that row is the same message.
_DROP_ECHO = """
    DELETE FROM integrations_message AS echo USING integrations_message AS message
    JOIN unnest(%(ids)s::uuid[], %(vendor_ids)s::text[]) AS given (id, vendor_id) ON message.send_id = given.id
    WHERE given.vendor_id <> '' AND echo.integration_id = message.integration_id
        AND echo.vendor_id = given.vendor_id AND echo.send_id IS NULL;
"""
_CHANGE = """
    WITH changed AS (
        UPDATE integrations_send AS send SET
            state = CASE WHEN state = ANY(%(further)s) THEN state ELSE %(state)s END,
            error_code = CASE WHEN state = ANY(%(further)s) THEN error_code ELSE %(error_code)s END,
            failed_at = CASE WHEN state = ANY(%(further)s) THEN failed_at ELSE coalesce(%(failed_at)s, failed_at) END,
            sent_at = coalesce(%(sent_at)s, sent_at),
            delivered_at = coalesce(%(delivered_at)s, delivered_at),
            read_at = coalesce(%(read_at)s, read_at),
            vendor_id = coalesce(nullif(given.vendor_id, ''), send.vendor_id)
        FROM unnest(%(ids)s::uuid[], %(vendor_ids)s::text[]) AS given (id, vendor_id)
        WHERE send.id = given.id
        RETURNING send.id, state, error_code, send.vendor_id, sent_at, delivered_at, read_at, failed_at
    ), mirrored AS (
        UPDATE integrations_message AS message SET state = changed.state, delivered_at = changed.delivered_at,
            read_at = changed.read_at, vendor_id = coalesce(nullif(changed.vendor_id, ''), message.vendor_id)
        FROM changed WHERE message.send_id = changed.id
    )
    SELECT id, state, error_code, vendor_id, sent_at, delivered_at, read_at, failed_at FROM changed
"""
_CHANGED = ("state", "error_code", "vendor_id", "sent_at", "delivered_at", "read_at", "failed_at")


def change(send: Send, state: str, *, at: datetime | None = None, vendor_id: str = "", error_code: str = "") -> None:
    """Store the state in the caller's transaction, on the message of the conversation too, and announce it."""
    change_all({send: vendor_id}, state, at=at, error_code=error_code)


def change_all(vendor_ids: Mapping[Send, str], state: str, *, at: datetime | None = None, error_code: str = "") -> None:
    """Like `change`, for sends with their vendor's ids; an empty id leaves the one that is stored."""
    values: dict[str, Any] = dict.fromkeys(_TIMES.values())
    if (column := _TIMES.get(State(state))) is not None:
        values[column] = at or timezone.now()
    values |= {"state": state, "error_code": error_code[:100]}
    values |= {"ids": [send.pk for send in vendor_ids], "vendor_ids": list(vendor_ids.values())}
    values["further"] = [str(each) for each in _FURTHER.get(State(state), ())]
    with connection.cursor() as cursor:
        if any(vendor_ids.values()):
            cursor.execute(_DROP_ECHO, values)
        cursor.execute(_CHANGE, values)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    for send in vendor_ids:
        for name, value in zip(_CHANGED, rows.get(send.pk, ()), strict=False):
            setattr(send, name, value)
    if state in _TOLD:
        # What the vendor had reported before was announced then. A send may also have been deleted meanwhile.
        emit_all([_announcement(send) for send in vendor_ids if send.pk in rows and send.state == state])


def _announcement(send: Send) -> Row:
    payload = {"send": str(send.pk), "state": send.state, "channel": send.channel, "error_code": send.error_code}
    return domain_event("message.status", mailbox=f"send:{send.pk.hex}", client=send.client_id, payload=payload)
