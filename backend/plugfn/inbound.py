"""What a provider's webhook parser is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plugfn.connection import Connection


@dataclass(frozen=True)
class Inbound:
    """A delivery as it came: raw bytes, headers with lower-case names. Nothing of it is shown in repr."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Keys:
    """What a delivery is verified with. `secrets`: any of them will do, while one is being replaced.

    For a provider whose webhooks belong to one connection each, `connection` and `credentials` are that one's; its URL,
    which is unguessable, has been checked by then."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    connection: Connection | None = None
    credentials: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Event:
    """One event of a delivery. `id` is the vendor's own; without one nothing is taken for a repetition."""

    provider: str
    name: str
    payload: Mapping[str, Any] = field(repr=False)
    id: str | None = None
    occurred_at: datetime | None = None
    connection_id: str | None = None
    account: str = ""
    """The vendor's id of the account it concerns (a Slack team, the number of a GitHub owner), if it says so."""


@dataclass(frozen=True)
class Reply:
    """What the sender is answered, where the vendor wants more than 200 and nothing."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Parsed:
    """The events of a verified delivery, and the answer that the vendor's handshake asks for, if this is one."""

    events: tuple[Event, ...] = ()
    reply: Reply | None = None


@dataclass(frozen=True)
class Webhooks:
    """How a provider's deliveries are read."""

    verify: Callable[[Inbound, Keys], None]
    """Raises WebhookRejected unless the raw bytes prove where they come from. Only called with secrets and a body."""
    parse: Callable[[Inbound, Keys], Parsed]
    """Reads a verified delivery; raises WebhookRejected (status 400) when it is malformed. Drops secrets in it."""
    per_connection: bool = False
    """Whether each connection has a webhook URL of its own, /webhooks/<provider>/<connection id>/<secret>."""
    max_bytes: int = 1_048_576
