"""How old the bank's data is. Always the bank's time, never that of our own run."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.banking.models import Connection

# Banks are read once a day, or more often. After a day and a half, a reading has been missed.
STALE_AFTER = timedelta(hours=36)


@dataclass(frozen=True)
class Freshness:
    """When the aggregator last read the bank, and when it will again, as far as that is known."""

    at: datetime | None
    next_at: datetime | None
    is_stale: bool


def freshness(connection: Connection) -> Freshness:
    """The freshness of a connection's data."""
    now = timezone.now()
    at, next_at = connection.last_updated_at, connection.next_auto_sync_at
    # The aggregator leaves an old time standing while it does not read: the person must act first.
    expected = next_at if next_at and next_at > now and connection.state != Connection.State.NEEDS_USER else None
    return Freshness(at, expected, at is not None and now - at > STALE_AFTER)


def oldest(connections: Iterable[Connection]) -> Freshness | None:
    """The freshness of a sum over several connections: that of the oldest. None without any."""
    all_of_them = [freshness(connection) for connection in connections]
    known = [each for each in all_of_them if each.at]
    return min(known, key=lambda each: each.at) if known else next(iter(all_of_them), None)  # type: ignore[arg-type,return-value]
