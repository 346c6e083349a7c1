"""The arguments that banking's tools share: periods, pages, references."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from django.utils import timezone
from pydantic import BeforeValidator, Field, model_validator

from apps.agents.contract import Arguments
from apps.banking.pages.filters import span

# How many rows an answer has at most, and if the agent does not say.
MOST, USUAL = 200, 50

Quick = Literal["last_7_days", "last_30_days", "last_90_days", "this_month", "last_month", "this_year", "all"]
_SPANS: dict[str, str] = {
    "last_7_days": "7",
    "last_30_days": "30",
    "last_90_days": "90",
    "this_month": "month",
    "last_month": "last",
    "this_year": "year",
}


def _iso_day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("must be a day such as 2026-11-21")
    return value


Day = Annotated[date, BeforeValidator(_iso_day)]
Reference = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Nothing(Arguments):
    """No arguments."""


class Paged(Arguments):
    """A list by pages."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="How many rows at most.")] = USUAL
    cursor: Annotated[
        str | None, Field(max_length=400, description="`next_cursor` of the answer before, to go on after it.")
    ] = None


class OfConnection(Paged):
    """A list that may be of one connection."""

    connection_id: Annotated[Reference | None, Field(description="Only of this connection.")] = None


class InPeriod(Arguments):
    """Between two days, which are included, or in a period whose name says it."""

    period: Annotated[Quick | None, Field(description="Instead of the two days.")] = None
    date_from: Annotated[Day | None, Field(description="The first day, such as 2026-11-01.")] = None
    date_to: Annotated[Day | None, Field(description="The last day, which is included.")] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.period and (self.date_from or self.date_to):
            raise ValueError("send either a period or days, not both")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("date_from is after date_to")
        return self

    def days(self, usual: str = "all") -> tuple[date | None, date | None]:
        """The first and the last day; None where it is open. `usual` is the period if the agent says nothing."""
        if self.date_from or self.date_to:
            return self.date_from, self.date_to
        return span(_SPANS.get(self.period or usual, ""), timezone.localdate())
