"""Indexes by which staff find events among millions. They are built while events are accepted."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0006_hours")]

    operations = [
        AddIndexConcurrently("event", models.Index(fields=["kind", "-id"], name="event_kind")),
        AddIndexConcurrently(
            "event",
            models.Index(fields=["outcome", "-id"], name="event_outcome", condition=models.Q(state="done")),
        ),
        AddIndexConcurrently(
            "event",
            models.Index(fields=["mailbox", "-id"], name="event_mailbox_done", condition=models.Q(state="done")),
        ),
        AddIndexConcurrently(
            "event",
            models.Index(fields=["mailbox", "-id"], name="event_mailbox_dead", condition=models.Q(state="dead")),
        ),
        AddIndexConcurrently(
            "event",
            models.Index(fields=["caused_by"], name="event_effects", condition=models.Q(caused_by__isnull=False)),
        ),
    ]
