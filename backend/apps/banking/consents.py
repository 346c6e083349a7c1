"""Remind of consents that end soon: once seven days before, once three days before and once one day before."""

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.banking.announce import announce
from apps.banking.models import Connection
from lib.row_security import for_system

DAYS_BEFORE = (7, 3, 1)


@for_system("consents")
def remind() -> int:
    """Emit consent.expiring for each connection whose next reminder is due. Returns how many events it emitted."""
    now = timezone.now()
    soon = Connection.objects.filter(
        deleted_at=None, consent_expires_at__gt=now, consent_expires_at__lte=now + timedelta(days=max(DAYS_BEFORE))
    )
    ends = soon.values_list("pk", "consent_expires_at")
    return sum(_remind(pk, expires_at, now) for pk, expires_at in ends.iterator() if expires_at)


def due_moment(expires_at: datetime, now: datetime) -> datetime:
    """The time of the latest reminder for `expires_at` that is not after `now`."""
    return max(expires_at - timedelta(days=days) for days in DAYS_BEFORE if expires_at - timedelta(days=days) <= now)


def _remind(pk: int, expires_at: datetime, now: datetime) -> bool:
    moment = due_moment(expires_at, now)
    # The reminders of a renewed consent are later than those of the old one, so they are sent again.
    unsent = Q(consent_reminded_for=None) | Q(consent_reminded_for__lt=moment)
    connection = Connection.objects.filter(unsent, pk=pk, consent_expires_at=expires_at)
    with transaction.atomic():
        if not connection.update(consent_reminded_for=moment):
            return False
        days_left = math.ceil((expires_at - now) / timedelta(days=1))
        payload = {"expires_at": expires_at.isoformat(), "days_left": days_left}
        announce("consent.expiring", Connection.objects.get(pk=pk), payload)
    return True
