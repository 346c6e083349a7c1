"""Add the table of marks, and the application and credential of a connection."""

import django.db.models.deletion
from django.db import migrations, models

SAME_CLIENT = migrations.RunSQL(
    "ALTER TABLE banking_mark ADD CONSTRAINT banking_mark_same_client FOREIGN KEY (connection_id, client_id)"
    " REFERENCES banking_connection (id, client_id) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE banking_mark DROP CONSTRAINT banking_mark_same_client",
)


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0006_schedule_discovery"),
        ("clients", "0002_membership_of_client"),
    ]

    operations = [
        migrations.AddField(
            "connection", "application", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
        migrations.AddField("connection", "credential_sealed", models.BinaryField(null=True)),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.CharField(blank=True, default="", max_length=100)),
                ("text", models.TextField()),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="banking.connection",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["client"], name="mark_of_client")],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "scope"), name="mark_once"),
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="mark_says_something"),
                ],
            },
        ),
        SAME_CLIENT,
        migrations.RemoveConstraint("connection", "connection_once"),
        migrations.AddConstraint(
            "connection",
            models.UniqueConstraint(fields=("aggregator", "application", "vendor_id"), name="connection_once"),
        ),
    ]
