"""When Ponte last looked at an item by itself, and the schedule of that. The task does nothing with a public address."""

from django.db import migrations, models

NAME, TASK, SECONDS, QUEUE = "Banking: look at items if no webhook can arrive", "banking.poll", 60, "background"


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
    dependencies = [("banking", "0009_daily_tasks_begin_at_once")]

    operations = [
        migrations.AddField("connection", "last_polled_at", models.DateTimeField(null=True)),
        migrations.RunPython(schedule, unschedule),
    ]
