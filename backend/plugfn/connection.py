"""A connection: one user's account at one provider."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ConnectionStatus(StrEnum):
    """Whether a connection can be used."""

    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    """The vendor no longer accepts its credentials: the user must connect again."""


@dataclass(frozen=True)
class Connection:
    """A connection without its credentials: those are encrypted and stored separately."""

    id: str
    user_id: str
    provider: str
    status: ConnectionStatus
    created_at: datetime
    updated_at: datetime
    label: str = field(default="", repr=False)
    """A name of the account that a person recognises: personal data."""
    account: str = field(default="", repr=False)
    """The vendor's id of the account. Connecting the same account again renews this connection."""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    """When its access token expires; None when it does not expire, or when that is unknown."""
    error_code: str = ""
    """Why the user must connect again."""
    last_used_at: datetime | None = None
