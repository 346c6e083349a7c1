"""Carry what the user wrote on a transaction over to the row that took its place under a new id.

The vendor does not link the two: it deletes the old id and creates a new one, in either order. They share the day,
the amount and the words of the description. Of several such equals the n-th tombstone pairs with the n-th new row.
"""

from django.db import connection

from apps.banking.models import Transaction
from apps.banking.models.transaction import ORPHANED
from apps.banking.rows.staging import in_transaction


def carry_edits(account_id: int) -> int:
    """Pair the account's edited tombstones with newer rows of equal fingerprint, and copy the edits; returns the pairs.

    To be called in the transaction of a merge or a tombstone, after it. An edit that the new row has already is kept.
    A row that was there when its equal was made is a second purchase, not a successor, and is left alone.
    """
    in_transaction()
    # Looking for edited tombstones is an index away; pairing them reads the whole account.
    if not Transaction.objects.filter(ORPHANED, account_id=account_id).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CARRY, {"account": account_id})
        written: int = cursor.rowcount
    return written


# Case, spaces and punctuation of a description do not count.
_CARRY = """
    WITH edited AS (
        SELECT DISTINCT date, amount, currency_code FROM banking_transaction
        WHERE account_id = %(account)s AND deleted_at IS NOT NULL AND replaced_by_id IS NULL
          AND (hidden OR note <> '' OR user_category_id IS NOT NULL)
    ), equals AS (
        SELECT row.*, lower(regexp_replace(description, '[^[:alnum:]]+', '', 'g')) AS words,
               EXISTS (SELECT FROM banking_transaction AS older WHERE older.replaced_by_id = row.id) AS is_successor
        FROM banking_transaction AS row JOIN edited USING (date, amount, currency_code)
        WHERE row.account_id = %(account)s
    ), lost AS (
        SELECT equals.*, row_number() OVER alike AS n, min(created_at) OVER (alike ROWS BETWEEN UNBOUNDED PRECEDING
               AND UNBOUNDED FOLLOWING) AS since
        FROM equals WHERE deleted_at IS NOT NULL AND replaced_by_id IS NULL
        WINDOW alike AS (PARTITION BY date, amount, currency_code, words ORDER BY "order", id)
    ), fresh AS (
        SELECT equals.*, row_number() OVER alike AS n
        FROM equals WHERE deleted_at IS NULL AND NOT is_successor AND created_at > (
            SELECT min(lost.since) FROM lost
            WHERE (lost.date, lost.amount, lost.currency_code, lost.words)
                = (equals.date, equals.amount, equals.currency_code, equals.words)
        )
        WINDOW alike AS (PARTITION BY date, amount, currency_code, words ORDER BY "order", id)
    ), pairs AS (
        SELECT lost.*, fresh.id AS successor
        FROM lost JOIN fresh USING (date, amount, currency_code, words, n)
    ), linked AS (
        UPDATE banking_transaction AS old SET replaced_by_id = successor, updated_at = now()
        FROM pairs WHERE old.id = pairs.id
    )
    UPDATE banking_transaction AS new SET
        user_category_id = coalesce(new.user_category_id, pairs.user_category_id),
        note = coalesce(nullif(new.note, ''), pairs.note),
        hidden = new.hidden OR pairs.hidden,
        updated_at = now()
    FROM pairs WHERE new.id = pairs.successor
"""
