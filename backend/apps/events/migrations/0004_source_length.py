"""The source of an event has room for the name of any application. PostgreSQL changes only its catalogue for this."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0003_schedule")]

    operations = [migrations.AlterField("event", "source", models.CharField(max_length=64))]
