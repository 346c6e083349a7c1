"""What staff may do with integrations, and indexes for sends that wait or are in trouble, and for old contents."""

from django.db import migrations, models

from apps.clients.groups import OPERATORS, SUPPORT, grant

SEEN = ["integration", "send", "actionlog", "contact", "conversation", "message"]
OF_OPERATORS = {
    "integration": ["test_integration", "pause_integration"],
    "send": ["replay_send", "view_content"],
}


def give(apps, schema_editor):
    database = schema_editor.connection.alias
    for group in (SUPPORT, OPERATORS):
        for model in SEEN:
            grant(apps, database, group, "integrations", model, [f"view_{model}"])
    grant(apps, database, SUPPORT, "integrations", "integration", ["test_integration"])
    grant(apps, database, SUPPORT, "integrations", "send", ["replay_send"])
    for model, codenames in OF_OPERATORS.items():
        grant(apps, database, OPERATORS, "integrations", model, codenames)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("clients", "0006_schedule"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("integrations", "0002_separation"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="send",
            options={
                "permissions": [("replay_send", "Can send again"), ("view_content", "Can see the contents of sends")],
                "verbose_name": "send",
                "verbose_name_plural": "sends",
            },
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(
                fields=["created_at"], name="send_waiting", condition=models.Q(state__in=["queued", "sending"])
            ),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(
                fields=["created_at"], name="send_with_content", condition=models.Q(params_sealed__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="send",
            index=models.Index(
                fields=["-created_at", "-id"],
                name="send_in_trouble",
                condition=models.Q(state__in=["failed", "unknown"]),
            ),
        ),
        # Going back keeps the groups, which an operator may have changed.
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
