"""How long a done event stays before it is deleted."""

from datetime import timedelta

from django.conf import settings

# An event must stay longer than its vendor redelivers it, or the redelivery would be taken for a new event.
SHORTEST_DAYS = 7


def retention() -> timedelta:
    """EVENT_RETENTION_DAYS, but at least SHORTEST_DAYS."""
    return timedelta(days=max(settings.EVENT_RETENTION_DAYS, SHORTEST_DAYS))
