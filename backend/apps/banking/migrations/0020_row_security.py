"""The application's role sees the rows of one client at a time.

The words of transactions have no client of their own. They are found through a function of the owner's: under a policy
PostgreSQL compares words only after it has read all rows of the client, and so it would not use their index.
"""

from django.db import migrations

from lib.row_security import CURRENT_CLIENT, protect, protect_by

TABLES = (
    "banking_account",
    "banking_balancesnapshot",
    "banking_clientapplication",
    "banking_connection",
    "banking_consent",
    "banking_creditcardbill",
    "banking_identity",
    "banking_investment",
    "banking_investmenttransaction",
    "banking_loan",
    "banking_mark",
    "banking_syncrun",
    "banking_transaction",
    "banking_transferpair",
)
OF_TRANSACTION = "EXISTS (SELECT FROM banking_transaction AS own WHERE own.id = transaction_id)"

# The ids of the client's transactions that have these words. It sees all rows, so it asks for the client itself.
FOUND = f"""
    CREATE FUNCTION banking_transactions_with(wanted tsquery) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp ROWS 200 AS $$
        WITH found AS MATERIALIZED (SELECT transaction_id FROM banking_transactionwords WHERE words @@ wanted)
        SELECT own.id FROM found JOIN banking_transaction AS own ON own.id = found.transaction_id
        WHERE own.client_id = {CURRENT_CLIENT}
    $$
"""  # noqa: S608
# The door asks whether an item is a member's, or unknown. Its connection never becomes the system's.
MAY_OWN = """
    CREATE FUNCTION banking_may_own(member uuid, aggregator text, application text, item text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT NOT EXISTS (
            SELECT FROM banking_connection AS own
            WHERE (own.aggregator, own.application, own.vendor_id) = ($2, $3, $4) AND own.member_id <> $1
        )
    $$
"""
# The trigger must see the other client's row to refuse it.
_CHECK_OF_PAIRS = "ALTER FUNCTION banking_transferpair_same_client()"


class Migration(migrations.Migration):
    dependencies = [("banking", "0019_pairs_of_one_client"), ("clients", "0007_row_security")]

    operations = [
        *map(protect, TABLES),
        protect_by("banking_transactionwords", OF_TRANSACTION),
        migrations.RunSQL(FOUND, "DROP FUNCTION banking_transactions_with(tsquery)"),
        migrations.RunSQL(MAY_OWN, "DROP FUNCTION banking_may_own(uuid, text, text, text)"),
        migrations.RunSQL(
            f"{_CHECK_OF_PAIRS} SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp",
            f"{_CHECK_OF_PAIRS} SECURITY INVOKER RESET search_path",
        ),
    ]
