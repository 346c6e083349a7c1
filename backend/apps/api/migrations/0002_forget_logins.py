"""The daily task that forgets the ids of expired JSON web tokens."""

from django.db import migrations

from lib.periodic import every


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [every(86400, "api.forget_logins", "API: forget logins that have expired")]
