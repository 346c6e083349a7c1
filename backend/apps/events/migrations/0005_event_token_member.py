"""An event keeps the membership to which its sender's proof was limited. A nullable column rewrites no row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_source_length")]

    operations = [migrations.AddField("event", "token_member", models.UUIDField(null=True))]
