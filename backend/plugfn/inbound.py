"""What a provider's webhook functions receive and return."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plugfn.connection import Connection
from plugfn.errors import WebhookRejected


@dataclass(frozen=True)
class Inbound:
    """A delivery as it arrived: raw bytes, and headers with lower-case names. Its repr shows none of it."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def document(self) -> Any:
        """The body read as JSON, once. Do not change it. Raises ValueError or RecursionError."""
        # functools.cached_property takes a lock in Python 3.11, which costs as much as reading a short body.
        if "_document" not in self.__dict__:
            self.__dict__["_document"] = json.loads(self.body)
        return self.__dict__["_document"]


@dataclass(frozen=True)
class Keys:
    """What verifies a delivery. Any of `secrets` is accepted, so that one can be replaced.

    For a provider with a webhook URL for each connection, `connection` and `credentials` belong to that connection; the
    secret in the URL has already been checked."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    connection: Connection | None = None
    credentials: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Event:
    """One event of a delivery. `id` is the vendor's; an event without one is never treated as a duplicate."""

    provider: str
    name: str
    payload: Mapping[str, Any] = field(repr=False)
    id: str | None = None
    occurred_at: datetime | None = None
    connection_id: str | None = None
    account: str = ""
    """The vendor's id of the account that the event concerns (a Slack team, a GitHub owner's number), if known."""


@dataclass(frozen=True)
class Reply:
    """The answer to the sender, for vendors that want more than an empty 200."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Parsed:
    """The events of a verified delivery; for a vendor's handshake, the answer to it."""

    events: tuple[Event, ...] = ()
    reply: Reply | None = None


@dataclass(frozen=True)
class Webhooks:
    """How a provider's deliveries are verified and read."""

    verify: Callable[[Inbound, Keys], None]
    """Raises WebhookRejected unless the raw bytes prove who sent them. It is only called with secrets and a body."""
    parse: Callable[[Inbound, Keys], Parsed]
    """Reads a verified delivery and drops secrets in it. Raises WebhookRejected (status 400) when it is malformed."""
    per_connection: bool = False
    """Whether each connection has a webhook URL of its own, /webhooks/<provider>/<connection id>/<secret>."""
    max_bytes: int = 1_048_576
    max_events: int = 1_000
    """The most events of one delivery; one with more is refused (413), and none of its events is handled."""


def too_many_events(most: int) -> WebhookRejected:
    """The error for a delivery with more than `most` events. A provider may raise it before it makes the events."""
    return WebhookRejected(f"the delivery has more than {most} events", status=413, code="WEBHOOK_TOO_LARGE")
