"""A limit on the calls to the aggregator that one person's clicks cause: all syncs share what the aggregator allows."""

from uuid import UUID

from apps.banking.connect.errors import TooOften
from lib.errors import Throttled
from lib.ratelimit import request_budget

CALLS_A_MINUTE = 60


def take_turn(who: UUID | int) -> None:
    """Count a call for this membership, client or connection. Raises TooOften, or Temporary without Valkey."""
    try:
        request_budget(f"connect:{who}", limit=CALLS_A_MINUTE, per_seconds=60).take()
    except Throttled as error:
        raise TooOften(error.message, retry_after=error.retry_after or 1, code="TOO_OFTEN") from None
