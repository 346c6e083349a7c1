"""Whether the worker of a browser test has nothing to do."""

from django.utils import timezone

from apps.events.models import Event, Mailbox


def is_idle() -> bool:
    """Whether no worker holds a mailbox, and no event is due."""
    now = timezone.now()
    held = Mailbox.objects.filter(lease_until__gt=now)
    return not held.exists() and not Event.objects.filter(state="pending", available_at__lte=now).exists()
