"""The index by which the task finds transactions with new words, built while Ponte runs, and the task's schedule."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from lib.periodic import every


class Migration(migrations.Migration):
    # An index that is built concurrently cannot be in a transaction.
    atomic = False
    dependencies = [
        ("banking", "0017_search"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        # A build that was interrupted leaves an index that serves nothing.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS transaction_updated", migrations.RunSQL.noop),
        AddIndexConcurrently("transaction", models.Index(fields=["updated_at", "id"], name="transaction_updated")),
        every(15, "banking.index_words", "Banking: words of new transactions"),
    ]
