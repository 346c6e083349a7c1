"""How long a finished event is kept."""

from datetime import timedelta

from django.conf import settings

# Deduplication must outlive every redelivery: less than this is never done.
SHORTEST_DAYS = 7


def retention() -> timedelta:
    """EVENT_RETENTION_DAYS, or a week where that says less."""
    return timedelta(days=max(settings.EVENT_RETENTION_DAYS, SHORTEST_DAYS))
