"""Record each account's balance of the day."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db import connection

from apps.banking.rows.staging import require_transaction

# The banks are Brazilian, so a balance belongs to a day in Brazil.
BRAZIL = ZoneInfo("America/Sao_Paulo")


def record_balances(connection_id: int, day: date, kind: str) -> int:
    """Store one balance of `day` for each live account of type `kind`, and overwrite an earlier one that differs.

    Call this in the transaction that merges the accounts, after the merge. Returns how many rows it wrote.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {"connection": connection_id, "day": day, "kind": kind})
        written: int = cursor.rowcount
    return written


_RECORD = """
    INSERT INTO banking_balancesnapshot AS stored (client_id, account_id, date, balance, currency_code, taken_at)
    SELECT client_id, id, %(day)s, balance, currency_code, now() FROM banking_account
    WHERE connection_id = %(connection)s AND type = %(kind)s AND deleted_at IS NULL AND balance IS NOT NULL
    ON CONFLICT (account_id, date) DO UPDATE
    SET balance = EXCLUDED.balance, currency_code = EXCLUDED.currency_code, taken_at = now()
    WHERE (stored.balance, stored.currency_code) IS DISTINCT FROM (EXCLUDED.balance, EXCLUDED.currency_code)
"""
