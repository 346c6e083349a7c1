"""The schedule of the tasks of clients. It stays as it is if someone has changed it in the admin."""

from django.db import migrations

# name, task, seconds, queue
SCHEDULE = [
    ("Clients: go on with erasing", "clients.erase", 20, "background"),
    ("Clients: delete what is too old", "clients.purge", 3600, "background"),
]


def schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    database = schema_editor.connection.alias
    for name, task, seconds, queue in SCHEDULE:
        interval, _ = interval_model.objects.using(database).get_or_create(every=seconds, period="seconds")
        # A tick that no worker took is void when the next one comes.
        task_model.objects.using(database).get_or_create(
            name=name,
            defaults={"task": task, "interval": interval, "queue": queue, "expire_seconds": seconds},
        )


def unschedule(apps, schema_editor):
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    names = [row[0] for row in SCHEDULE]
    task_model.objects.using(schema_editor.connection.alias).filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_erasures"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(schedule, unschedule)]
