"""Tombstone rows that the aggregator no longer has. They stay stored: they may return, and hold the user's edits."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.banking.models.base import VendorRow
from apps.banking.rows.staging import require_transaction


def tombstone(rows: QuerySet[VendorRow], vendor_ids: Iterable[str]) -> int:
    """Tombstone the live rows that have one of these ids. Returns how many there were.

    Call this inside a transaction, like `merge`.
    """
    require_transaction()
    live = rows.filter(vendor_id__in=list(vendor_ids), deleted_at=None)
    return live.update(deleted_at=Now(), updated_at=Now())
