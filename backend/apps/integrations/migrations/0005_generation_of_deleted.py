"""A trigger: whatever deletes integrations, such as the end of their client, voids what processes cached of them."""

from django.db import migrations

VOID = """
CREATE FUNCTION integrations_void_deleted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM deleted) THEN
        UPDATE integrations_generation SET number = number + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER void_deleted AFTER DELETE ON integrations_integration REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION integrations_void_deleted();
"""
KEEP = """
DROP TRIGGER void_deleted ON integrations_integration;
DROP FUNCTION integrations_void_deleted();
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_narrow_proof")]

    operations = [migrations.RunSQL(VOID, KEEP)]
