"""How a connection stands, by what the aggregator says of it now, and what of that is news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.banking.aggregators.verdict import Action, Health, Verdict
from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.banking.sync.visit import Found
from lib.sealed import decode, encode

State = Connection.State

STATES = {
    Health.OK: State.ACTIVE,
    Health.PARTIAL: State.ACTIVE,
    Health.TEMPORARY: State.OUTDATED,
    Health.NEEDS_USER: State.NEEDS_USER,
    # Nobody can mend it, but the person must be told.
    Health.PERMANENT: State.NEEDS_USER,
}
# What the verdict tells better, and what never changes.
_JUDGED = {"error_code", "vendor_id"}
TROUBLED = (State.NEEDS_USER, State.OUTDATED)

# What only the holder of the item's mailbox writes. The scans write the others, whenever they run.
_OTHERS = {"id", "client", "member", "application", "credential_sealed", "created_at"} | {
    "last_reconciled_at",
    "consent_reminded_for",
}
# (`extra` is not a column: its sealed one is.)
FENCED = [field.name for field in Connection._meta.concrete_fields if field.name not in _OTHERS]


@dataclass(frozen=True)
class News:
    """A domain event to emit once the connection is saved."""

    kind: str
    payload: dict[str, Any] = field(default_factory=dict)


def state_of(verdict: Verdict) -> Connection.State | None:
    """The state a verdict means; None where it leaves the last one standing: a run is under way, or unreadable."""
    if verdict.health is Health.IN_PROGRESS and verdict.action is not Action.NONE:
        # It goes on by itself, but only after somebody (another holder, another device) has done something.
        return State.NEEDS_USER
    return STATES.get(verdict.health)


def absorb(connection: Connection, columns: Mapping[str, Any], verdict: Verdict) -> list[News]:
    """Put what the aggregator says into the connection (not saved yet), and tell what of it is news."""
    before = (connection.state, connection.action, connection.error_code)
    for name, told in columns.items():
        # As it would come back from the column: without Decimals.
        value = decode(encode(told)) if isinstance(told, dict) else told
        if name not in _JUDGED and getattr(connection, name) != value:
            setattr(connection, name, value)
    if connection.state == State.DELETED:
        _return(connection)
    state = state_of(verdict)
    if state is None:
        return []
    connection.state, connection.action = state, str(verdict.action)
    connection.error_type = str(verdict.error_type or "")
    connection.error_code = verdict.code if verdict.error_type else ""
    return _news(connection, *before)


def _return(connection: Connection) -> None:
    """It was gone and is there again: as if it were new."""
    connection.state, connection.deleted_at = State.CONNECTING, None
    connection.last_synced_at = connection.listed_at = connection.listed_as_of = None


def _news(connection: Connection, state: str, action: str, code: str) -> list[News]:
    told = {"action": connection.action, "error_type": connection.error_type, "error_code": connection.error_code}
    if connection.state == State.NEEDS_USER and (state, action, code) != (
        State.NEEDS_USER,
        connection.action,
        connection.error_code,
    ):
        return [News("connection.needs_user", told)]
    # Of one that never worked before, its first sync says more: connection.connected.
    if connection.state == State.ACTIVE and state in TROUBLED and connection.last_synced_at:
        return [News("connection.recovered", {"state": state, "error_code": code})]
    return []


def take_note(visit: Found) -> None:
    """Save what the visit found of the item, and emit what of it is news. Inside a fenced transaction."""
    news = absorb(visit.connection, visit.state.row, visit.state.verdict)
    visit.connection.save(update_fields=FENCED)
    for one in news:
        announce(one.kind, visit.connection, one.payload, cause=visit.batch.events[0])
