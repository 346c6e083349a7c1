"""The counts of events by hour and their schedule, the permissions of staff, and names for people."""

from django.db import migrations, models

from lib.periodic import every


class Migration(migrations.Migration):
    dependencies = [("events", "0005_event_token_member")]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "permissions": [
                    ("replay_event", "Can replay events"),
                    ("discard_event", "Can discard events"),
                    ("view_payload", "Can see the payloads of events"),
                ],
                "verbose_name": "event",
                "verbose_name_plural": "events",
            },
        ),
        migrations.AlterModelOptions(
            name="mailbox",
            options={"verbose_name": "mailbox", "verbose_name_plural": "mailboxes"},
        ),
        migrations.AlterModelOptions(
            name="replay",
            options={"ordering": ["-replayed_at"], "verbose_name": "replay", "verbose_name_plural": "replays"},
        ),
        migrations.AlterModelOptions(
            name="tally",
            options={"verbose_name": "tally", "verbose_name_plural": "tallies"},
        ),
        migrations.AlterField(
            model_name="event",
            name="state",
            field=models.CharField(
                choices=[("pending", "waiting"), ("done", "done"), ("dead", "dead")], default="pending", max_length=8
            ),
        ),
        migrations.CreateModel(
            name="Hour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("source", models.CharField(blank=True, max_length=64)),
                ("kind", models.CharField(blank=True, max_length=100)),
                ("accepted", models.IntegerField()),
                ("dead", models.IntegerField()),
            ],
            options={
                "verbose_name": "events of an hour",
                "verbose_name_plural": "events by hour",
                "constraints": [models.UniqueConstraint(fields=("hour", "source", "kind"), name="event_hour_once")],
            },
        ),
        every(60, "events.count_hours", "Mailbox: count the events of each hour"),
    ]
