"""How long sends and calls are kept: first their keys and contents go, then the rows."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from apps.clients.personal_data import BATCH, delete_some
from apps.integrations.models import ActionLog, Send, ShortLived
from apps.integrations.sending.request import forget_old_keys
from lib.row_security import system_rows

_WORK = "purge of sends"
# These still need their content.
_ON_THEIR_WAY = (Send.State.QUEUED, Send.State.SENDING)


def purge_sends() -> int:
    """Free some keys, or remove some contents, or some sends, that are too old. Returns how many; 0: none is left."""
    with system_rows(_WORK):
        return forget_old_keys() or _without_content() or _delete(settings.SEND_DAYS)


def purge_calls() -> int:
    """Delete some rows of the action log that are too old."""
    cut = _cut(settings.CALL_LOG_DAYS)
    with system_rows(_WORK):
        return delete_some(ActionLog.objects.filter(started_at__lt=cut).order_by("started_at")) if cut else 0


def purge_short_lived() -> int:
    """Delete some values that have expired."""
    with system_rows(_WORK):
        return delete_some(ShortLived.objects.filter(expires_at__lte=Now()))


def _without_content() -> int:
    if (cut := _cut(settings.SEND_CONTENT_DAYS)) is None:
        return 0
    old = Send.objects.filter(created_at__lt=cut, params_sealed__isnull=False).exclude(state__in=_ON_THEIR_WAY)
    keys = list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH])
    return Send.objects.filter(pk__in=keys).update(params_sealed=None)


def _delete(days: int) -> int:
    if (cut := _cut(days)) is None:
        return 0
    old = Send.objects.filter(created_at__lt=cut).exclude(state__in=_ON_THEIR_WAY)
    return delete_some(old.order_by("created_at"))


def _cut(days: int) -> datetime | None:
    """What is older goes; None: everything stays."""
    return timezone.now() - timedelta(days=days) if days > 0 else None
