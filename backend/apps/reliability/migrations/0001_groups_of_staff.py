"""The groups of staff: support looks and replays, operators do everything. An operator may change them in the admin."""

from django.db import migrations

from apps.clients.groups import OPERATORS, SUPPORT, grant

# Support sees these tables. None shows a sealed column, and no page shows a payload without a permission of its own.
SEEN = {
    "clients": ["client", "membership", "profile"],
    "auth": ["user"],
    "events": ["event", "hour", "mailbox", "replay", "tally"],
    "banking": [
        "account",
        "balancesnapshot",
        "category",
        "connection",
        "connectionhour",
        "connector",
        "consent",
        "creditcardbill",
        "identity",
        "investment",
        "investmenttransaction",
        "loan",
        "mark",
        "synchour",
        "syncrun",
        "transaction",
        "transferpair",
    ],
}
# Operators see these besides.
OF_OPERATORS = {
    "api": {"accesstoken": ["view", "change"]},
    "audit": {"entry": ["view"]},
    "auth": {"user": ["add", "change"]},
    "banking": {"clientapplication": ["view"], "transaction": ["change"]},
    "clients": {"client": ["add", "change"], "membership": ["add", "change", "delete"]},
    "django_celery_beat": {
        name: ["view", "add", "change"] for name in ("periodictask", "intervalschedule", "crontabschedule")
    },
}
VERBS = {
    "events": {"event": ["replay_event", "discard_event", "view_payload"]},
    "banking": {"connection": ["operate_connection", "manage_webhooks"]},
}


def make_groups(apps, schema_editor):
    database = schema_editor.connection.alias
    for app, models in SEEN.items():
        for model in models:
            for group in (SUPPORT, OPERATORS):
                grant(apps, database, group, app, model, [f"view_{model}"])
    grant(apps, database, SUPPORT, "events", "event", ["replay_event"])
    for app, models in OF_OPERATORS.items():
        for model, verbs in models.items():
            grant(apps, database, OPERATORS, app, model, [f"{verb}_{model}" for verb in verbs])
    for app, models in VERBS.items():
        for model, codenames in models.items():
            grant(apps, database, OPERATORS, app, model, codenames)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("api", "0001_initial"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("banking", "0015_staff"),
        ("clients", "0003_viewers_and_profiles"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("events", "0006_hours"),
    ]

    # Going back keeps the groups, which an operator may have changed.
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
