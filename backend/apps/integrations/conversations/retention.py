"""How long messages are kept: first their contents go, then what else is known of them, then empty conversations."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.clients.personal_data import BATCH
from apps.integrations.models import Conversation, Message
from lib.row_security import system_rows

_WORK = "purge of messages"


def purge_messages() -> int:
    """Remove some contents, or else some messages, that are too old. Returns how many; 0: nothing is left to do."""
    return _without_content() or _without_messages()


def purge_conversations() -> int:
    """Delete some conversations whose messages are all gone. Contacts stay: they hold who opted out."""
    if (cut := _cut(settings.MESSAGE_DAYS)) is None:
        return 0
    empty = ~Exists(Message.objects.filter(conversation=OuterRef("pk")))
    with system_rows(_WORK):
        return _delete(Conversation.objects.filter(empty, last_message_at__lt=cut).order_by("last_message_at"))


def _without_content() -> int:
    if (cut := _cut(settings.MESSAGE_CONTENT_DAYS)) is None:
        return 0
    with system_rows(_WORK):
        old = Message.objects.filter(at__lt=cut, content_sealed__isnull=False).order_by("at")
        return Message.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).update(content_sealed=None)


def _without_messages() -> int:
    if (cut := _cut(settings.MESSAGE_DAYS)) is None:
        return 0
    with system_rows(_WORK):
        return _delete(Message.objects.filter(at__lt=cut).order_by("at"))


def _delete(rows: Any) -> int:
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.model.objects.filter(pk__in=keys).delete()
    return len(keys)


def _cut(days: int) -> datetime | None:
    """What is older goes; None: everything stays."""
    return timezone.now() - timedelta(days=days) if days > 0 else None
