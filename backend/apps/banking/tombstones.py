"""Mark what the aggregator no longer has. No row is deleted for it: it may return, and the user's edits wait there.

    removed = tombstone_missing(Transaction.objects.filter(account=account), seen)

Inside the caller's transaction, as `merge` is.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from psycopg import sql

from apps.banking.columns import copy_text
from apps.banking.models.base import VendorRow
from apps.banking.staging import in_transaction, stage


def tombstone(rows: QuerySet[VendorRow], vendor_ids: Iterable[str]) -> int:
    """Tombstone those of `rows` that have one of these ids; returns how many were alive."""
    in_transaction()
    gone = rows.filter(vendor_id__in=list(vendor_ids), deleted_at=None)
    return gone.update(deleted_at=Now(), updated_at=Now())


def tombstone_missing(rows: QuerySet[VendorRow], seen: Iterable[str]) -> int:
    """Tombstone those of `rows` whose ids are not in `seen`, a complete listing; returns how many were alive.

    An empty listing takes them all: only call it after a list that succeeded, of a product that was updated.
    """
    in_transaction()
    table = rows.model._meta.db_table
    within, parameters = rows.filter(deleted_at=None).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        source = stage(cursor, table, ["vendor_id"], map(copy_text, seen))
        statement = _GONE.format(table=sql.Identifier(table), within=sql.SQL(within), seen=source)
        cursor.execute(statement, parameters)
        return cursor.rowcount


_GONE = sql.SQL("""
    UPDATE {table} AS kept SET deleted_at = now(), updated_at = now()
    WHERE id IN ({within}) AND NOT EXISTS (SELECT FROM {seen} AS seen WHERE seen.vendor_id = kept.vendor_id)
""")
