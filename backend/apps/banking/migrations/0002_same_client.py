"""Foreign keys over (parent, client): no row can have a parent of another client, whatever the code does."""

from django.db import migrations

# table, its column, the parent's table
KEYS = [
    ("banking_connection", "member_id", "clients_membership"),
    ("banking_account", "connection_id", "banking_connection"),
    ("banking_consent", "connection_id", "banking_connection"),
    ("banking_identity", "connection_id", "banking_connection"),
    ("banking_investment", "connection_id", "banking_connection"),
    ("banking_loan", "connection_id", "banking_connection"),
    ("banking_syncrun", "connection_id", "banking_connection"),
    ("banking_balancesnapshot", "account_id", "banking_account"),
    ("banking_creditcardbill", "account_id", "banking_account"),
    ("banking_transaction", "account_id", "banking_account"),
    ("banking_investmenttransaction", "investment_id", "banking_investment"),
]


def _key(table, column, parent):
    name = f"{table}_same_client"
    add = (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, client_id)"
        f" REFERENCES {parent} (id, client_id) DEFERRABLE INITIALLY DEFERRED"
    )
    return migrations.RunSQL(add, f"ALTER TABLE {table} DROP CONSTRAINT {name}")


SUCCESSOR = migrations.RunSQL(
    "ALTER TABLE banking_transaction ADD CONSTRAINT banking_transaction_replaced_by FOREIGN KEY (replaced_by_id)"
    " REFERENCES banking_transaction (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE banking_transaction DROP CONSTRAINT banking_transaction_replaced_by",
)


class Migration(migrations.Migration):
    dependencies = [("banking", "0001_initial"), ("clients", "0002_membership_of_client")]

    operations = [*(_key(*key) for key in KEYS), SUCCESSOR]
