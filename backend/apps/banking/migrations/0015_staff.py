"""Staff can pause a connection. Counts by hour and their schedule, permissions, and names for people."""

from django.db import migrations, models

from lib.periodic import every


class Migration(migrations.Migration):
    dependencies = [("banking", "0014_card_bill_indexes")]

    operations = [
        migrations.CreateModel(
            name="ConnectionHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("state", models.CharField(blank=True, db_default="", default="", max_length=60)),
                ("connections", models.IntegerField()),
            ],
            options={
                "verbose_name": "connections of an hour",
                "verbose_name_plural": "connections by hour",
                "constraints": [
                    models.UniqueConstraint(fields=("hour", "state"), name="connection_hour_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("connector", models.BigIntegerField(default=0)),
                ("state", models.CharField(blank=True, db_default="", default="", max_length=60)),
                ("error_type", models.CharField(blank=True, db_default="", default="", max_length=60)),
                ("runs", models.IntegerField()),
                ("seconds", models.FloatField()),
            ],
            options={
                "verbose_name": "syncs of an hour",
                "verbose_name_plural": "syncs by hour",
                "constraints": [
                    models.UniqueConstraint(fields=("hour", "connector", "state", "error_type"), name="sync_hour_once"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="account",
            options={"verbose_name": "account", "verbose_name_plural": "accounts"},
        ),
        migrations.AlterModelOptions(
            name="balancesnapshot",
            options={"verbose_name": "balance of a day", "verbose_name_plural": "balances by day"},
        ),
        migrations.AlterModelOptions(
            name="category",
            options={"verbose_name": "category", "verbose_name_plural": "categories"},
        ),
        migrations.AlterModelOptions(
            name="connection",
            options={
                "permissions": [
                    ("operate_connection", "Can sync, pause and mark connections"),
                    ("manage_webhooks", "Can change the subscriptions to webhooks"),
                ],
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
            },
        ),
        migrations.AlterModelOptions(
            name="connector",
            options={"verbose_name": "institution", "verbose_name_plural": "institutions"},
        ),
        migrations.AlterModelOptions(
            name="consent",
            options={"verbose_name": "consent", "verbose_name_plural": "consents"},
        ),
        migrations.AlterModelOptions(
            name="creditcardbill",
            options={"verbose_name": "card bill", "verbose_name_plural": "card bills"},
        ),
        migrations.AlterModelOptions(
            name="identity",
            options={"verbose_name": "identity", "verbose_name_plural": "identities"},
        ),
        migrations.AlterModelOptions(
            name="investment",
            options={"verbose_name": "investment", "verbose_name_plural": "investments"},
        ),
        migrations.AlterModelOptions(
            name="investmenttransaction",
            options={"verbose_name": "investment transaction", "verbose_name_plural": "investment transactions"},
        ),
        migrations.AlterModelOptions(
            name="loan",
            options={"verbose_name": "loan", "verbose_name_plural": "loans"},
        ),
        migrations.AlterModelOptions(
            name="mark",
            options={"verbose_name": "reading mark", "verbose_name_plural": "reading marks"},
        ),
        migrations.AlterModelOptions(
            name="syncrun",
            options={"verbose_name": "sync", "verbose_name_plural": "syncs"},
        ),
        migrations.AlterModelOptions(
            name="transaction",
            options={"verbose_name": "transaction", "verbose_name_plural": "transactions"},
        ),
        migrations.AddField(
            model_name="connection",
            name="paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="connection",
            name="state",
            field=models.CharField(
                choices=[
                    ("connecting", "connecting"),
                    ("active", "active"),
                    ("needs_user", "needs the user"),
                    ("outdated", "outdated"),
                    ("deleted", "deleted"),
                ],
                default="connecting",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="state",
            field=models.CharField(
                choices=[("running", "running"), ("done", "done"), ("partial", "partial"), ("failed", "failed")],
                default="running",
                max_length=8,
            ),
        ),
        migrations.AlterModelOptions(
            name="clientapplication",
            options={"verbose_name": "own application", "verbose_name_plural": "own applications"},
        ),
        migrations.AlterModelOptions(
            name="transferpair",
            options={"verbose_name": "pair of a transfer", "verbose_name_plural": "pairs of transfers"},
        ),
        every(120, "banking.count_hours", "Banking: count the syncs of each hour"),
    ]
