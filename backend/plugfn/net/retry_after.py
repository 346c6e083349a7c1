"""The Retry-After header, in both of its forms, within limits."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

CAP_SECONDS = 3600.0

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)


def retry_after(value: str | None, *, now: datetime | None = None, cap: float = CAP_SECONDS) -> float | None:
    """Seconds to wait (0 to `cap`), from seconds or an HTTP date (RFC 9110, 10.2.3); None when it is not readable."""
    seconds = _seconds(value.strip()[:64], now or datetime.now(UTC)) if value else None
    return None if seconds is None else min(max(seconds, 0.0), cap)


def _seconds(text: str, now: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
