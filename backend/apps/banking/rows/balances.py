"""Keep each account's balance of the day."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db import connection

from apps.banking.rows.staging import in_transaction

# The banks are Brazilian, and so is the day that a balance counts for.
BRAZIL = ZoneInfo("America/Sao_Paulo")


def record_balances(connection_id: int, day: date, kind: str) -> int:
    """One point for each live account of a connection on `day`, overwriting an earlier one that differs.

    In the caller's transaction, after the accounts' merge; returns how many rows were written.
    """
    in_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {"connection": connection_id, "day": day, "kind": kind})
        written: int = cursor.rowcount
    return written


_RECORD = """
    INSERT INTO banking_balancesnapshot AS kept (client_id, account_id, date, balance, currency_code, taken_at)
    SELECT client_id, id, %(day)s, balance, currency_code, now() FROM banking_account
    WHERE connection_id = %(connection)s AND type = %(kind)s AND deleted_at IS NULL AND balance IS NOT NULL
    ON CONFLICT (account_id, date) DO UPDATE
    SET balance = EXCLUDED.balance, currency_code = EXCLUDED.currency_code, taken_at = now()
    WHERE (kept.balance, kept.currency_code) IS DISTINCT FROM (EXCLUDED.balance, EXCLUDED.currency_code)
"""
