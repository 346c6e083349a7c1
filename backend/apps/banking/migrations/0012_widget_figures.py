"""The rollup of what happens to the Connect widget, and the task that deletes old sums."""

from django.db import migrations, models

from lib.periodic import every


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
                "verbose_name": "figure of the widget",
                "verbose_name_plural": "figures of the widget",
                "constraints": [
                    models.UniqueConstraint(fields=("hour", "kind", "code", "sdk_version"), name="widget_figure_once")
                ],
            },
        ),
        every(21_600, "banking.purge_figures", "Banking: delete old figures of the widget"),
    ]
