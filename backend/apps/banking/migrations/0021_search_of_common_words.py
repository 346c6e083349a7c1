"""Search under row-level security for words that many rows have: few ids at most, and a question about one row.

Both functions are the owner's, see all rows, and so ask for the client themselves.
"""

from django.db import migrations

from lib.row_security import CURRENT_CLIENT

_DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
# The ids of at most so many of the client's transactions that have these words, in no order.
SOME = f"""
    DROP FUNCTION banking_transactions_with(tsquery);
    CREATE FUNCTION banking_transactions_with(wanted tsquery, most int) RETURNS SETOF bigint
    LANGUAGE sql {_DEFINER} ROWS 200 AS $$
        WITH found AS MATERIALIZED (SELECT transaction_id FROM banking_transactionwords WHERE words @@ wanted)
        SELECT own.id FROM found JOIN banking_transaction AS own ON own.id = found.transaction_id
        WHERE own.client_id = {CURRENT_CLIENT} LIMIT most
    $$
"""  # noqa: S608
# Whether one of the client's transactions has these words.
ONE = f"""
    CREATE FUNCTION banking_transaction_has(asked bigint, wanted tsquery) RETURNS boolean
    LANGUAGE sql {_DEFINER} AS $$
        SELECT EXISTS (
            SELECT FROM banking_transactionwords AS words
            JOIN banking_transaction AS own ON own.id = words.transaction_id
            WHERE words.transaction_id = asked AND words.words @@ wanted AND own.client_id = {CURRENT_CLIENT}
        )
    $$
"""  # noqa: S608
ALL = f"""
    DROP FUNCTION banking_transactions_with(tsquery, int);
    CREATE FUNCTION banking_transactions_with(wanted tsquery) RETURNS SETOF bigint
    LANGUAGE sql {_DEFINER} ROWS 200 AS $$
        WITH found AS MATERIALIZED (SELECT transaction_id FROM banking_transactionwords WHERE words @@ wanted)
        SELECT own.id FROM found JOIN banking_transaction AS own ON own.id = found.transaction_id
        WHERE own.client_id = {CURRENT_CLIENT}
    $$
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("banking", "0020_row_security")]

    operations = [
        migrations.RunSQL(SOME, ALL),
        migrations.RunSQL(ONE, "DROP FUNCTION banking_transaction_has(bigint, tsquery)"),
    ]
