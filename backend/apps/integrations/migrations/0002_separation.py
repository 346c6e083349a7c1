"""PostgreSQL separates clients: keys over (parent, client), and row-level security on every table."""

from django.db import migrations

from lib.row_security import protect

# table, its column, the parent's table
KEYS = [
    ("integrations_send", "integration_id", "integrations_integration"),
    ("integrations_send", "contact_id", "integrations_contact"),
    ("integrations_conversation", "contact_id", "integrations_contact"),
    ("integrations_conversation", "integration_id", "integrations_integration"),
    ("integrations_message", "conversation_id", "integrations_conversation"),
    ("integrations_message", "integration_id", "integrations_integration"),
]
TABLES = [
    "integrations_integration",
    "integrations_actionlog",
    "integrations_shortlived",
    "integrations_workflow",
    "integrations_workflowrun",
    "integrations_contact",
    "integrations_conversation",
    "integrations_message",
    "integrations_send",
]

# The door has no client yet when it asks what proves a webhook, so it may read exactly that and nothing else.
PROOF = migrations.RunSQL(
    """
    INSERT INTO integrations_generation (id, number) VALUES (1, 0);
    CREATE FUNCTION integrations_proof(asked uuid) RETURNS SETOF integrations_integration
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS 'SELECT * FROM integrations_integration WHERE id = asked';
    REVOKE ALL ON FUNCTION integrations_proof(uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION integrations_proof(uuid) TO ponte_app, ponte_system, ponte_staff;
    """,
    "DROP FUNCTION integrations_proof(uuid); DELETE FROM integrations_generation",
)


def _key(table, column, parent):
    name = f"{table}_{column}_same_client"
    add = (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, client_id)"
        f" REFERENCES {parent} (id, client_id) DEFERRABLE INITIALLY DEFERRED"
    )
    return migrations.RunSQL(add, f"ALTER TABLE {table} DROP CONSTRAINT {name}")


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [*(_key(*key) for key in KEYS), PROOF, *map(protect, TABLES)]
