"""A trigger: both rows of a pair belong to the pair's client, also if the code has a mistake.

Not a foreign key over (row, client), as other tables have: it would need one more unique index over all transactions,
which each sync of millions of rows would have to write. Pairs are few, and a transaction never changes its client.
"""

from django.db import migrations

CHECK = """
CREATE FUNCTION banking_transferpair_same_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM banking_transaction
        WHERE id IN (NEW.outgoing_id, NEW.incoming_id) AND client_id <> NEW.client_id
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a row of another client violates banking_transferpair_same_client',
            TABLE = TG_TABLE_NAME, CONSTRAINT = 'banking_transferpair_same_client';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER same_client BEFORE INSERT OR UPDATE OF client_id, outgoing_id, incoming_id ON banking_transferpair
    FOR EACH ROW EXECUTE FUNCTION banking_transferpair_same_client();
"""
NO_CHECK = """
DROP TRIGGER same_client ON banking_transferpair;
DROP FUNCTION banking_transferpair_same_client();
"""


class Migration(migrations.Migration):
    dependencies = [("banking", "0018_search_index")]

    operations = [migrations.RunSQL(CHECK, NO_CHECK)]
