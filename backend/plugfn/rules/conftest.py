"""An event's payload and an action's parameters, for the tests of conditions and templates."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

from pydantic import Field, SecretStr

from plugfn.models import Model, Result

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Author(Result):
    name: str
    email: str | None = None
    token: SecretStr | None = None


class Tag(Result):
    name: str
    secret: SecretStr | None = None


class Ticket(Result):
    """An event's payload with a field of every type."""

    id: str
    title: str
    amount: Decimal | None = None
    score: float | None = None
    open: bool = True
    kind: Literal["bug", "wish"] = Field(default="bug", json_schema_extra={"safe": True})
    opened_at: datetime | None = None
    due: date | None = None
    labels: list[str] = []
    author: Author | None = None
    tags: list[Tag] = []
    extra: dict[str, Any] = {}


class Send(Model):
    text: str = Field(min_length=1, max_length=500)
    to: str = Field(default="all", max_length=100)
    urgent: bool = False
    html: str = Field(default="", json_schema_extra={"escape": "html"})
    labels: list[str] = []
    when: datetime | None = None
    number: int | None = None


def ticket(**changes: Any) -> dict[str, Any]:
    """A payload."""
    return {"id": f"ticket-{uuid4().hex}", "title": "It broke", "author": {"name": "MARIA DA SILVA"}} | changes
