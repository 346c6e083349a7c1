"""The application's role sees the tokens of one client at a time. A token belongs to the client of its membership."""

from django.db import migrations

from lib.row_security import protect_by

OF_MEMBER = "EXISTS (SELECT FROM clients_membership AS own WHERE own.id = member_id)"


class Migration(migrations.Migration):
    dependencies = [("api", "0002_scope_sync"), ("clients", "0007_row_security")]

    operations = [protect_by("api_accesstoken", OF_MEMBER)]
