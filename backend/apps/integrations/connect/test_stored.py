"""Stored credentials: which fields say where secrets go."""

from apps.integrations.catalogue import ENTRIES
from apps.integrations.connect.fields import fields_of

# Changing one of these sends no secret anywhere else. A field that is neither here, nor a place, nor a secret fails the
# test: think of where the provider's secrets go before you add it.
HARMLESS = {
    "whatsapp_uazapi": {"phone", "instance_name"},
    "email_smtp": {"from_email", "from_name", "aliases", "timeout"},
    # Both regions are SendGrid's.
    "email_sendgrid": {"from_email", "from_name", "aliases", "region", "webhook_key"},
    "database_supabase": {"allowed_tables", "max_rows", "server_max_rows"},
    # A database of the same server, for the same user.
    "database_postgres": {"dbname", "allowed_tables", "max_rows", "timeout", "allow_sql"},
    # Secrets are not sent on to another origin: see PlugFn's provider.
    "http": {"redirects"},
}


def test_every_field_is_a_secret_a_place_or_known_to_be_harmless():
    for entry in ENTRIES:
        plain = {field.name for field in fields_of(entry) if not field.is_secret and not field.is_place}
        assert plain == HARMLESS.get(entry.provider, set()), entry.provider
