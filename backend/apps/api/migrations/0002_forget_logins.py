"""The daily task that forgets the ids of expired JSON web tokens."""

from django.db import migrations

NAME, TASK, SECONDS, QUEUE = "API: forget logins that have expired", "api.forget_logins", 86400, "background"


def schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    database = schema_editor.connection.alias
    interval, _ = interval_model.objects.using(database).get_or_create(every=SECONDS, period="seconds")
    task_model.objects.using(database).get_or_create(
        name=NAME,
        defaults={"task": TASK, "interval": interval, "queue": QUEUE, "expire_seconds": SECONDS},
    )


def unschedule(apps, schema_editor):
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    task_model.objects.using(schema_editor.connection.alias).filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(schedule, unschedule)]
