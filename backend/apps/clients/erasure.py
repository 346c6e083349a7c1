"""Erasing a client for good: first what it has elsewhere, then the rows of all apps, then the client itself.

Each step is one transaction of a bounded size that locks the order, so it survives a crash anywhere, and two workers
never do the same step. beat goes on with what is unfinished.
"""

import logging
import time
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.models import Entry
from apps.audit.record import record
from apps.clients.models import Client, Erasure, Membership
from apps.clients.people import owners_only
from apps.clients.personal_data import ENDINGS, OF_CLIENTS
from lib.errors import PonteError
from lib.row_security import for_system

logger = logging.getLogger(__name__)


class Later(Exception):
    """What must be erased is in use. Nothing was changed, and beat tries again."""


# Seconds that one task works; beat goes on in the next one.
SHIFT = 300
# The pages count no further.
COUNTED = 10_000


def ask(by: Membership, name: str) -> Erasure:
    """Order to erase the client; `name` is its name as the person typed it.

    From now on no page shows the client. Raises PermissionDenied (not an owner) or ValidationError.
    """
    owners_only(by)
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=by.client_id)
        if " ".join(name.split()) != client.name:
            raise ValidationError(_("This is not the name of the client."), code="name")
        if client.erasing_at is not None:
            raise ValidationError(_("The client is being erased already."), code="erasing")
        client.erasing_at = timezone.now()
        client.save(update_fields=["erasing_at"])
        mailboxes = sorted({box for ending in ENDINGS.values() for box in ending.mailboxes(client.pk)})
        order = Erasure.objects.create(client=client.pk, asked_by=by.user_id, mailboxes=mailboxes)
        record("client.erase", actor=by.user_id, subject=client, client=client.pk)
    return order


@for_system("erasing a client")
def go_on(seconds: float = SHIFT) -> None:
    """Do steps of every unfinished order for some seconds."""
    end = time.monotonic() + seconds
    for key in list(Erasure.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True)):
        try:
            while time.monotonic() < end and step(key):
                pass
        # The other orders do not wait for this one, even if it meets a defect.
        except (Later, DatabaseError, PonteError) as error:
            logger.warning("An erasure goes on later.", extra={"erasure": key, "error": type(error).__name__})
        except Exception:
            logger.exception("An erasure failed.", extra={"erasure": key})


@for_system("erasing a client")
def step(key: int) -> bool:
    """The next step of an order, in one transaction. Whether another step can follow at once."""
    with transaction.atomic():
        order = Erasure.objects.select_for_update(skip_locked=True).filter(pk=key, finished_at=None).first()
        if order is None:
            return False
        order.waits_for = _end_elsewhere(order.client)
        more = not order.waits_for and (_erase_some(order) or _finish(order))
        order.save()
    return more


def _end_elsewhere(client: UUID) -> dict[str, int]:
    """What has not ended yet, by its name."""
    left = {name: ending.begin(client) for name, ending in ENDINGS.items()}
    return {name: number for name, number in left.items() if number}


def _erase_some(order: Erasure) -> bool:
    """Erase one batch. False if there was nothing left to erase."""
    for holding in OF_CLIENTS:
        if holding.erase is not None and (number := holding.erase(order.client)):
            label = holding.model._meta.label
            order.erased[label] = order.erased.get(label, 0) + number
            return True
    return False


def _finish(order: Erasure) -> bool:
    """Delete the client, whose memberships, invitations and tokens go with it."""
    Client.objects.filter(pk=order.client).delete()
    order.finished_at, order.mailboxes = timezone.now(), []
    record("client.erased", via=Entry.Via.SYSTEM, subject=f"clients.client:{order.client}", client=order.client)
    logger.info("A client is erased.", extra={"client": str(order.client), "rows": sum(order.erased.values())})
    return False


def mailboxes_of(client: UUID) -> list[str]:
    """The mailboxes of the client's events, while it is being erased."""
    order = Erasure.objects.filter(client=client, finished_at=None).first()
    return list(order.mailboxes) if order else []


def would_be_gone(client: UUID) -> list[tuple[str, int]]:
    """What an erasure deletes: the tables' names, and their rows of the client counted up to COUNTED."""
    counts: dict[str, int] = {}
    for holding in OF_CLIENTS:
        if holding.erase is not None:
            label = str(holding.label)
            counts[label] = min(COUNTED, counts.get(label, 0) + _count(holding.pieces(client)))
    return [(label, number) for label, number in counts.items() if number]


def _count(pieces: object) -> int:
    number = 0
    for rows in pieces:  # type: ignore[attr-defined]
        number += rows.order_by()[: COUNTED - number].count()
        if number >= COUNTED:
            break
    return number
