"""The application's role sees grants, tokens and calls of one client at a time. A grant belongs to its membership's."""

from django.db import migrations

from lib.row_security import protect, protect_by

OF_MEMBER = "EXISTS (SELECT FROM clients_membership AS own WHERE own.id = member_id)"
OF_GRANT = "EXISTS (SELECT FROM agents_grant AS own WHERE own.id = grant_id)"


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("clients", "0007_row_security")]

    operations = [
        protect("agents_call"),
        protect_by("agents_grant", OF_MEMBER),
        protect_by("agents_credential", OF_GRANT),
    ]
