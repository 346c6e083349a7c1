"""Indexes for instalments, and for the edits of deleted rows, which now include what a person said a row is.

Built concurrently, so outside a transaction. The new index also serves the previous release's condition.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

EDITED = Q(
    ("deleted_at__isnull", False),
    ("replaced_by", None),
    Q(
        ("hidden", True),
        Q(("note", ""), _negated=True),
        ("user_category__isnull", False),
        Q(("user_kind", ""), _negated=True),
        _connector="OR",
    ),
)
INSTALMENTS = Q(("deleted_at", None), ("total_installments__gt", 1))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("banking", "0013_card_bills")]

    operations = [
        AddIndexConcurrently(
            "transaction", models.Index(fields=["account"], name="transaction_instalments", condition=INSTALMENTS)
        ),
        AddIndexConcurrently(
            "transaction", models.Index(fields=["account"], name="transaction_open_edits", condition=EDITED)
        ),
        RemoveIndexConcurrently("transaction", "transaction_orphaned_edits"),
    ]
