"""What the audit says about connected applications. Each call of a tool is in the log of calls instead."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.agents.models import Grant
from apps.audit.record import Via, record

# A write for each call would cost more than the call.
NOTE_USE_EVERY = timedelta(minutes=1)


def connected(grant: Grant) -> None:
    """A person allowed an application something."""
    _of_grant("agent.connect", grant, Via.SESSION, scopes=list(grant.scopes))


def revoked(grant: Grant, via: Via) -> None:
    """An application's access ended: a person, staff or the application itself did it, or a token was used twice."""
    _of_grant("agent.revoke", grant, via)


def note_use(grant: Grant) -> None:
    """Record that the application was used: at most one write a minute, and one line of the audit a day."""
    now, before = timezone.now(), grant.last_used_at
    if before is not None and now - before < NOTE_USE_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTE_USE_EVERY)
    # Of several calls at once only one writes.
    if Grant.objects.filter(due, pk=grant.pk).update(last_used_at=now) and not _same_day(before, now):
        _of_grant("agent.use", grant, Via.AGENT)


def _of_grant(action: str, grant: Grant, via: Via, **details: Any) -> None:
    member = grant.member
    record(action, actor=member.user_id, via=via, subject=grant, client=member.client_id, **details)


def _same_day(before: datetime | None, now: datetime) -> bool:
    return before is not None and timezone.localdate(before) == timezone.localdate(now)
