"""Store the status that the aggregator reports for an item, and announce its changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.banking.aggregators.verdict import Action, Health, Verdict
from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.banking.sync.visit import PresentItem
from lib.sealed import decode, encode

State = Connection.State

STATES = {
    Health.OK: State.ACTIVE,
    Health.PARTIAL: State.ACTIVE,
    Health.TEMPORARY: State.OUTDATED,
    Health.NEEDS_USER: State.NEEDS_USER,
    # The user cannot fix it, but must know.
    Health.PERMANENT: State.NEEDS_USER,
}
# `update_connection` does not copy these columns: the verdict sets error_code, and vendor_id never changes.
_NOT_COPIED = {"error_code", "vendor_id"}
TROUBLED = (State.NEEDS_USER, State.OUTDATED)

# Only the worker that holds the item's mailbox writes FENCED_COLUMNS. The others never change, or periodic tasks and
# people write them at any time. (`extra` is not a column; `extra_sealed` is.)
_OTHER_COLUMNS = {"id", "client", "member", "application", "credential_sealed", "created_at"} | {
    "last_reconciled_at",
    "last_polled_at",
    "refresh_allowed_at",
    "disconnect_asked_at",
    "consent_reminded_for",
    "paused_at",
}
FENCED_COLUMNS = [field.name for field in Connection._meta.concrete_fields if field.name not in _OTHER_COLUMNS]


@dataclass(frozen=True)
class Announcement:
    """A domain event to emit once the connection is saved."""

    kind: str
    payload: dict[str, Any] = field(default_factory=dict)


def state_of(verdict: Verdict) -> Connection.State | None:
    """The state that a verdict leads to; None if the state stays, because a run is in progress or unreadable."""
    if verdict.health is Health.IN_PROGRESS and verdict.action is not Action.NONE:
        # The run continues by itself, but only after a user has acted: another holder, or another device.
        return State.NEEDS_USER
    return STATES.get(verdict.health)


def update_connection(connection: Connection, columns: Mapping[str, Any], verdict: Verdict) -> list[Announcement]:
    """Set the aggregator's columns and verdict on the connection, without saving. Returns what to announce."""
    before = (connection.state, connection.action, connection.error_code)
    for name, value in columns.items():
        stored = _as_returned(name, value)
        if name not in _NOT_COPIED and getattr(connection, name) != stored:
            setattr(connection, name, stored)
    if connection.state == State.DELETED:
        _return(connection)
    state = state_of(verdict)
    if state is None:
        return []
    connection.state, connection.action = state, str(verdict.action)
    connection.error_type = str(verdict.error_type or "")
    connection.error_code = verdict.code if verdict.error_type else ""
    return _announcements(connection, *before)


def _as_returned(name: str, value: Any) -> Any:
    """The value as its column returns it: a sealed column keeps every digit of a number, a JSON column has floats."""
    if not isinstance(value, dict):
        return value
    return decode(encode(value)) if name == "extra" else json.loads(encode(value))


def _return(connection: Connection) -> None:
    """The item was gone and has returned: start again as for a new item."""
    connection.state, connection.deleted_at = State.CONNECTING, None
    connection.last_synced_at = connection.listed_at = connection.listed_as_of = None


def _announcements(connection: Connection, state: str, action: str, code: str) -> list[Announcement]:
    """The domain events to announce, by the new status and the earlier `state`, `action` and `code`."""
    payload = {"action": connection.action, "error_type": connection.error_type, "error_code": connection.error_code}
    if connection.state == State.NEEDS_USER and (state, action, code) != (
        State.NEEDS_USER,
        connection.action,
        connection.error_code,
    ):
        return [Announcement("connection.needs_user", payload)]
    # A connection that never worked has not recovered: its first sync announces connection.connected.
    if connection.state == State.ACTIVE and state in TROUBLED and connection.last_synced_at:
        return [Announcement("connection.recovered", {"state": state, "error_code": code})]
    return []


def store_status(visit: PresentItem) -> None:
    """Save the item's status in its connection, and announce its changes. Inside a fenced transaction."""
    announcements = update_connection(visit.connection, visit.state.row, visit.state.verdict)
    visit.connection.save(update_fields=FENCED_COLUMNS)
    for announcement in announcements:
        announce(announcement.kind, visit.connection, announcement.payload, cause=visit.batch.events[0])
