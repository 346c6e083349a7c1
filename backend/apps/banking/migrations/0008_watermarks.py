"""Copy the watermark of each account into a mark.

This is a separate migration, because PostgreSQL creates no index in a transaction that has written rows with deferred
keys. The unused column `transactions_watermark` stays, because the previous release reads and writes it.
"""

from django.db import migrations

# The format in which Python's isoformat() writes a moment in UTC.
WATERMARKS = migrations.RunSQL(
    """
    INSERT INTO banking_mark (client_id, connection_id, scope, text)
    SELECT client_id, connection_id, vendor_id,
           to_char(transactions_watermark AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
    FROM banking_account WHERE transactions_watermark IS NOT NULL
    """,
    "UPDATE banking_account SET transactions_watermark = mark.text::timestamptz FROM banking_mark AS mark"
    " JOIN banking_connection AS item ON item.id = mark.connection_id AND item.aggregator = 'pluggy'"
    " WHERE mark.connection_id = banking_account.connection_id AND mark.scope = banking_account.vendor_id",
)


class Migration(migrations.Migration):
    dependencies = [("banking", "0007_marks")]

    operations = [
        WATERMARKS,
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("account", "transactions_watermark")]
        ),
    ]
