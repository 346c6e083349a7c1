"""Mark what the aggregator no longer has. No row is deleted for it: it may return, and the user's edits wait there."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.banking.models.base import VendorRow
from apps.banking.rows.staging import in_transaction


def tombstone(rows: QuerySet[VendorRow], vendor_ids: Iterable[str]) -> int:
    """Tombstone those of `rows` that have one of these ids; returns how many were alive.

    Inside the caller's transaction, as `merge` is.
    """
    in_transaction()
    gone = rows.filter(vendor_id__in=list(vendor_ids), deleted_at=None)
    return gone.update(deleted_at=Now(), updated_at=Now())
