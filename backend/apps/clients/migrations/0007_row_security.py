"""The application's role sees the members, invitations and erasures of one client at a time."""

from django.db import migrations

from lib.row_security import protect


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_schedule")]

    operations = [
        protect("clients_membership"),
        protect("clients_invitation"),
        protect("clients_erasure", "client"),
    ]
