"""What the admin pages of banking's tables share: tones of states, searches by id, links."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.banking.models import Account, Connection
from apps.clients.browse import link_to, moment

CONNECTION_TONES: Mapping[str, str] = {
    "active": "success",
    "connecting": "info",
    "needs_user": "warning",
    "outdated": "warning",
    "deleted": "danger",
}
SYNC_TONES: Mapping[str, str] = {"done": "success", "running": "info", "partial": "warning", "failed": "danger"}
HEALTH_TONES: Mapping[str, str] = {"ONLINE": "success", "UNSTABLE": "warning", "OFFLINE": "danger"}

client = link_to("client", _("client"))
connection = link_to("connection", _("connection"), lambda row: row.vendor_id)
account = link_to("account", _("account"), lambda row: row.name or row.vendor_id)
deleted = moment("deleted_at", _("deleted"))

_NUMBER = re.compile(r"[0-9]{1,18}")


def as_uuid(word: str) -> UUID | None:
    """The word as a UUID, or None."""
    try:
        return UUID(word)
    except ValueError:
        return None


def as_number(word: str) -> int | None:
    """The word as the number of a row, or None."""
    return int(word) if _NUMBER.fullmatch(word) else None


def of_account(queryset: QuerySet[Any], word: str) -> QuerySet[Any]:
    """Rows by their number, or those of the account with this id. The account is found first, by its index."""
    accounts = list(Account.objects.filter(vendor_id=word).values_list("pk", flat=True)[:100])
    return queryset.filter(Q(pk=number) if (number := as_number(word)) is not None else Q(account__in=accounts))


def of_connection(queryset: QuerySet[Any], word: str) -> QuerySet[Any]:
    """Rows by their number, or those of the item with this id."""
    if (number := as_number(word)) is not None:
        return queryset.filter(pk=number)
    items = list(Connection.objects.filter(vendor_id=word).values_list("pk", flat=True)[:100])
    return queryset.filter(connection__in=items)
