"""An index by which a client's own list of events is read. It is built while events are accepted."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0007_indexes_for_people")]

    operations = [
        AddIndexConcurrently(
            "event",
            models.Index(fields=["client", "-id"], name="event_of_client", condition=models.Q(source="ponte")),
        ),
    ]
