"""The schedule of the tasks of clients. It stays as it is if someone has changed it in the admin."""

from django.db import migrations

from lib.periodic import every


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_erasures"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        every(20, "clients.erase", "Clients: go on with erasing"),
        every(3600, "clients.purge", "Clients: delete what is too old"),
    ]
