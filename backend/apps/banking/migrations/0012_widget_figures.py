"""The rollup of what happens to the Connect widget, and the task that deletes old sums."""

from django.db import migrations, models

NAME, TASK, SECONDS, QUEUE = "Banking: delete old figures of the widget", "banking.purge_figures", 21_600, "background"


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
    dependencies = [("banking", "0011_connecting")]

    operations = [
        migrations.CreateModel(
            name="WidgetFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sdk_loaded", "Sdk Loaded"),
                            ("sdk_failed", "Sdk Failed"),
                            ("opened", "Opened"),
                            ("closed", "Closed"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("token_made", "Token Made"),
                            ("token_failed", "Token Failed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("sdk_version", models.CharField(max_length=32)),
                ("count", models.PositiveIntegerField()),
                ("total_ms", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hour", "kind", "code", "sdk_version"), name="widget_figure_once")
                ],
            },
        ),
        migrations.RunPython(schedule, unschedule),
    ]
