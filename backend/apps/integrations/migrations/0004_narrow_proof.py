"""The door reads of an integration only the columns with which PlugFn opens it, and none of those that people read."""

from django.db import migrations

# A function with other columns is another function, so it is made anew, with its privileges.
_PRIVILEGES = """
    REVOKE ALL ON FUNCTION integrations_proof(uuid) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION integrations_proof(uuid) TO ponte_app, ponte_system, ponte_staff;
"""
NARROW = """
    DROP FUNCTION integrations_proof(uuid);
    CREATE FUNCTION integrations_proof(asked uuid) RETURNS TABLE (
        id uuid, client_id uuid, provider varchar, status varchar, label text, sealed bytea,
        created_at timestamptz, updated_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT own.id, own.client_id, own.provider, own.status, own.label, own.sealed, own.created_at, own.updated_at
        FROM integrations_integration AS own WHERE own.id = asked
    $$;
"""
WIDE = """
    DROP FUNCTION integrations_proof(uuid);
    CREATE FUNCTION integrations_proof(asked uuid) RETURNS SETOF integrations_integration
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS 'SELECT * FROM integrations_integration WHERE id = asked';
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_staff")]

    operations = [migrations.RunSQL(NARROW + _PRIVILEGES, WIDE + _PRIVILEGES)]
