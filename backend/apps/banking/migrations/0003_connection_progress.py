"""Columns of a connection: the action that it needs, its last complete listing, and the last reminder sent."""

from django.db import migrations, models

WORD = {"max_length": 60, "blank": True, "default": "", "db_default": ""}


class Migration(migrations.Migration):
    dependencies = [("banking", "0002_same_client")]

    operations = [
        migrations.AddField("connection", "action", models.CharField(**WORD)),
        migrations.AddField("connection", "error_type", models.CharField(**WORD)),
        migrations.AddField("connection", "listed_at", models.DateTimeField(null=True)),
        migrations.AddField("connection", "listed_as_of", models.DateTimeField(null=True)),
        migrations.AddField("connection", "consent_reminded_for", models.DateTimeField(null=True)),
        migrations.RemoveField("consent", "reminded_for"),
    ]
