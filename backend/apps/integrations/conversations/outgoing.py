"""What a send means for contacts and conversations."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from apps.integrations.models import Contact, Send
from apps.integrations.sending.recipient import index_of


def has_opted_out(client: UUID, addresses: Sequence[str]) -> bool:
    """Whether one of these people wants no automatic messages."""
    indexes = [index_of(address) for address in addresses]
    named = Q(phone_index__in=indexes) | Q(email_index__in=indexes) | Q(handle_index__in=indexes)
    return Contact.objects.filter(named, client=client, opted_out_at__isnull=False).exists()


def note_send(send: Send) -> None:
    """Note a new send at its conversation."""


def mirror(send: Send) -> None:
    """Copy a send's state to its message."""
