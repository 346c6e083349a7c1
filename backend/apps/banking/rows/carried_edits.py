"""Carry a user's edits of a transaction over to the row that replaces it under a new id.

The vendor does not link the two: it deletes the old id and creates a new one, in either order. The rows have the same
day, amount and words of the description. If several rows match, the n-th tombstone pairs with the n-th new row.
"""

from django.db import connection

from apps.banking.models import Transaction
from apps.banking.models.transaction import ORPHANED
from apps.banking.rows.staging import require_transaction


def carry_edits(account_id: int) -> int:
    """Pair the account's edited tombstones with newer rows that match, and copy the edits. Returns how many pairs.

    Call this in the transaction of a merge or a tombstone, after it. An edit that the new row already has stays.
    A row that existed before its match was created is a second purchase, not a replacement, and stays as it is.
    """
    require_transaction()
    # An index finds the edited tombstones; pairing them reads the whole account.
    edited = list(Transaction.objects.filter(ORPHANED, account_id=account_id).values_list("pk", flat=True))
    if not edited:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CARRY, {"account": account_id, "edited": edited})
        written: int = cursor.rowcount
    return written


# The comparison ignores case, spaces and punctuation of a description.
_CARRY = """
    WITH edited AS (
        SELECT DISTINCT date, amount, currency_code FROM banking_transaction WHERE id = ANY(%(edited)s)
    ), candidates AS (
        SELECT row.*, lower(regexp_replace(description, '[^[:alnum:]]+', '', 'g')) AS words,
               EXISTS (SELECT FROM banking_transaction AS older WHERE older.replaced_by_id = row.id) AS is_successor
        FROM banking_transaction AS row JOIN edited USING (date, amount, currency_code)
        WHERE row.account_id = %(account)s
    ), orphans AS (
        SELECT candidates.*, row_number() OVER matches AS n, min(created_at) OVER (matches ROWS BETWEEN
               UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS first_created_at
        FROM candidates WHERE deleted_at IS NOT NULL AND replaced_by_id IS NULL
        WINDOW matches AS (PARTITION BY date, amount, currency_code, words ORDER BY "order", id)
    ), successors AS (
        SELECT candidates.*, row_number() OVER matches AS n
        FROM candidates WHERE deleted_at IS NULL AND NOT is_successor AND created_at > (
            SELECT min(orphans.first_created_at) FROM orphans
            WHERE (orphans.date, orphans.amount, orphans.currency_code, orphans.words)
                = (candidates.date, candidates.amount, candidates.currency_code, candidates.words)
        )
        WINDOW matches AS (PARTITION BY date, amount, currency_code, words ORDER BY "order", id)
    ), pairs AS (
        SELECT orphans.*, successors.id AS successor
        FROM orphans JOIN successors USING (date, amount, currency_code, words, n)
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
