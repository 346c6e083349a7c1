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
    """What is known of a connection but for its credentials, which are stored sealed and apart."""

    id: str
    user_id: str
    provider: str
    status: ConnectionStatus
    created_at: datetime
    updated_at: datetime
    label: str = field(default="", repr=False)
    """How a person would name the account: personal data."""
    account: str = field(default="", repr=False)
    """The vendor's own id of the account; connecting the same account again renews this connection."""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    """When its access token ends; None when it does not, or nobody knows."""
    error_code: str = ""
    """Why it needs the user."""
    last_used_at: datetime | None = None
