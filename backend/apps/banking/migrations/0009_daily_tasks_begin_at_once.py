"""The first run of a daily task is due at once: beat would wait a day after the first `migrate`, without categories.

beat stores the time of each run, so a later deployment does not repeat it.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

DAY = 86_400


def make_due(apps, schema_editor):
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    never_run = task_model.objects.using(schema_editor.connection.alias).filter(last_run_at=None)
    daily = never_run.filter(task__startswith="banking.", interval__period="seconds", interval__every__gte=DAY)
    for task in daily.select_related("interval"):
        due = timezone.now() - timedelta(seconds=task.interval.every)
        never_run.filter(pk=task.pk).update(last_run_at=due)


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0008_watermarks"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(make_due, migrations.RunPython.noop)]
