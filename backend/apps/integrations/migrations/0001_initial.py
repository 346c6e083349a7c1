"""The tables of integrations, of what is sent through them, and of conversations."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("clients", "0006_schedule"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Generation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "generation of webhook keys",
                "verbose_name_plural": "generations of webhook keys",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name_sealed", models.BinaryField(null=True)),
                ("phone_sealed", models.BinaryField(null=True)),
                ("phone_index", models.BinaryField(max_length=16, null=True)),
                ("email_sealed", models.BinaryField(null=True)),
                ("email_index", models.BinaryField(max_length=16, null=True)),
                ("handle_sealed", models.BinaryField(null=True)),
                ("handle_index", models.BinaryField(max_length=16, null=True)),
                ("named_at", models.DateTimeField(null=True)),
                ("name_is_own", models.BooleanField(default=False)),
                ("opted_out_at", models.DateTimeField(null=True)),
                ("opted_out_by", models.CharField(blank=True, default="", max_length=20)),
                ("opted_in_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
            },
        ),
        migrations.CreateModel(
            name="Integration",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=40)),
                ("is_sole", models.BooleanField(default=False)),
                ("name", models.CharField(blank=True, default="", max_length=120, verbose_name="name")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("connected", "connected"),
                            ("disconnected", "disconnected"),
                            ("error", "error"),
                            ("needs_reauth", "needs a new sign-in"),
                        ],
                        default="connected",
                        max_length=16,
                    ),
                ),
                ("paused_at", models.DateTimeField(null=True)),
                ("tested_at", models.DateTimeField(null=True)),
                ("tested_ms", models.PositiveIntegerField(null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=100)),
                ("last_error_at", models.DateTimeField(null=True)),
                ("keeps_content", models.BooleanField(default=False)),
                ("provider", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("label", models.TextField(blank=True, default="")),
                ("account", models.CharField(blank=True, default="", max_length=255)),
                ("scopes", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField(null=True)),
                ("error_code", models.TextField(blank=True, default="")),
                ("last_used_at", models.DateTimeField(null=True)),
                ("sealed", models.BinaryField()),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "integration",
                "verbose_name_plural": "integrations",
                "permissions": [
                    ("test_integration", "Can test integrations"),
                    ("pause_integration", "Can pause and resume integrations"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Conversation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("waiting", "waiting"), ("closed", "closed")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("closed_at", models.DateTimeField(null=True)),
                ("last_message_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "last_direction",
                    models.CharField(choices=[("in", "received"), ("out", "sent")], default="in", max_length=3),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conversations",
                        to="integrations.contact",
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="conversations",
                        to="integrations.integration",
                    ),
                ),
            ],
            options={
                "verbose_name": "conversation",
                "verbose_name_plural": "conversations",
            },
        ),
        migrations.CreateModel(
            name="Send",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=64)),
                ("channel", models.CharField(max_length=20)),
                ("action", models.CharField(max_length=100)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("api", "API"),
                            ("page", "page"),
                            ("agent", "agent"),
                            ("rule", "rule"),
                            ("test", "test message"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("read", "read"),
                            ("failed", "failed"),
                            ("unknown", "unknown"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("params_sealed", models.BinaryField(null=True)),
                ("recipient_sealed", models.BinaryField(null=True)),
                ("recipient_index", models.BinaryField(max_length=16)),
                ("key", models.BinaryField(max_length=16, null=True)),
                ("key_mark", models.BinaryField(max_length=16, null=True)),
                ("vendor_id", models.CharField(blank=True, default="", max_length=200)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error_code", models.CharField(blank=True, default="", max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sending_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sends",
                        to="integrations.contact",
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sends",
                        to="integrations.integration",
                    ),
                ),
            ],
            options={
                "verbose_name": "send",
                "verbose_name_plural": "sends",
                "permissions": [("replay_send", "Can send again")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("direction", models.CharField(choices=[("in", "received"), ("out", "sent")], max_length=3)),
                ("kind", models.CharField(default="text", max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("read", "read"),
                            ("failed", "failed"),
                            ("unknown", "unknown"),
                            ("received", "received"),
                        ],
                        max_length=10,
                    ),
                ),
                ("vendor_id", models.CharField(blank=True, default="", max_length=200)),
                ("length", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("edited_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("content_sealed", models.BinaryField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="integrations.conversation",
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
                (
                    "send",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="message",
                        to="integrations.send",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
            },
        ),
        migrations.CreateModel(
            name="ShortLived",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=64)),
                ("value", models.BinaryField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "short-lived value",
                "verbose_name_plural": "short-lived values",
            },
        ),
        migrations.CreateModel(
            name="Workflow",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("status", models.CharField(max_length=32)),
                ("provider", models.CharField(max_length=64)),
                ("event", models.CharField(max_length=255)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("version", models.IntegerField()),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "workflow",
                "verbose_name_plural": "workflows",
            },
        ),
        migrations.CreateModel(
            name="WorkflowRun",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("status", models.CharField(max_length=32)),
                ("occurrence", models.TextField()),
                ("depth", models.IntegerField()),
                ("root_run", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("version", models.IntegerField()),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="integrations.workflow",
                    ),
                ),
            ],
            options={
                "verbose_name": "run of a workflow",
                "verbose_name_plural": "runs of workflows",
            },
        ),
        migrations.CreateModel(
            name="ActionLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_id", models.CharField(max_length=64)),
                ("attempt", models.IntegerField()),
                ("connection_id", models.CharField(max_length=64)),
                ("provider", models.CharField(max_length=64)),
                ("action", models.CharField(max_length=255)),
                ("started_at", models.DateTimeField()),
                ("milliseconds", models.FloatField()),
                ("outcome", models.CharField(max_length=32)),
                ("error", models.TextField(blank=True, default="")),
                ("code", models.TextField(blank=True, default="")),
                ("source", models.CharField(max_length=32)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "call",
                "verbose_name_plural": "calls",
                "indexes": [
                    models.Index(fields=["client", "-started_at", "-id"], name="actionlog_of_client"),
                    models.Index(fields=["connection_id", "-started_at", "-id"], name="actionlog_of_integration"),
                    models.Index(fields=["call_id"], name="actionlog_call"),
                    models.Index(fields=["started_at"], name="actionlog_time"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["client", "-created_at", "-id"], name="contact_newest"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["-created_at", "-id"], name="contact_time"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("client", "phone_index"), name="contact_phone_once"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("client", "email_index"), name="contact_email_once"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("client", "handle_index"), name="contact_handle_once"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="contact_of_client"),
        ),
        migrations.AddIndex(
            model_name="integration",
            index=models.Index(fields=["client", "provider", "id"], name="integration_of_client"),
        ),
        migrations.AddIndex(
            model_name="integration",
            index=models.Index(fields=["provider", "account"], name="integration_account"),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_sole", True)), fields=("client", "type"), name="integration_sole"
            ),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="integration_row_of_client"),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["connected", "disconnected", "error", "needs_reauth"])),
                name="integration_status_known",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["client", "-last_message_at", "-id"], name="conversation_newest"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["client", "status", "-last_message_at", "-id"], name="conversation_status"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["contact", "-last_message_at"], name="conversation_of_contact"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["last_message_at"], name="conversation_time"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "closed"), _negated=True),
                fields=("client", "contact", "channel"),
                name="conversation_one_not_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="conversation_of_client"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "waiting", "closed"])), name="conversation_status_known"
            ),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["client", "-created_at", "-id"], name="send_newest"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["client", "state", "-created_at", "-id"], name="send_state"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["client", "channel", "-created_at", "-id"], name="send_channel"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["integration", "-created_at", "-id"], name="send_of_integration"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["integration", "vendor_id"], name="send_vendor_id"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(fields=["created_at"], name="send_time"),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(condition=models.Q(("key__isnull", False)), fields=["created_at"], name="send_keys"),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key__isnull", False)), fields=("client", "key"), name="send_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["queued", "sending", "sent", "delivered", "read", "failed", "unknown"])
                ),
                name="send_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["conversation", "-at", "-id"], name="message_of_conversation"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["client", "-at", "-id"], name="message_of_client"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["at"], name="message_time"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("content_sealed__isnull", False)), fields=["at"], name="message_with_content"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("vendor_id", ""), _negated=True),
                fields=("integration", "vendor_id"),
                name="message_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="shortlived",
            constraint=models.UniqueConstraint(
                fields=("client", "kind", "key"), name="shortlived_once", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(fields=["provider", "event"], name="workflow_event"),
        ),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(fields=["client", "id"], name="workflow_of_client"),
        ),
        migrations.AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["workflow", "-created_at", "-id"], name="workflowrun_of_workflow"),
        ),
        migrations.AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["client", "-created_at", "-id"], name="workflowrun_of_client"),
        ),
        migrations.AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["root_run"], name="workflowrun_root"),
        ),
        migrations.AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["updated_at"], name="workflowrun_time"),
        ),
        migrations.AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["status", "updated_at"], name="workflowrun_status"),
        ),
        migrations.AddConstraint(
            model_name="workflowrun",
            constraint=models.UniqueConstraint(fields=("workflow", "occurrence"), name="workflowrun_once"),
        ),
    ]
