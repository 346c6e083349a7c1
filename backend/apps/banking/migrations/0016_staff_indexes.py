"""Indexes by which staff find connections, syncs and transactions among millions, built while Ponte runs."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("banking", "0015_staff")]

    operations = [
        AddIndexConcurrently(
            model_name="connection",
            index=models.Index(fields=["state", "-id"], name="connection_state"),
        ),
        AddIndexConcurrently(
            model_name="connection",
            index=models.Index(fields=["vendor_id"], name="connection_vendor_id"),
        ),
        AddIndexConcurrently(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", False)), fields=["-id"], name="connection_paused"
            ),
        ),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(fields=["state", "-id"], name="sync_run_state"),
        ),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("error_type", ""), _negated=True),
                fields=["error_type", "-id"],
                name="sync_run_error",
            ),
        ),
        AddIndexConcurrently(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["-id"], name="transaction_tombstones"
            ),
        ),
        AddIndexConcurrently(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("status", "PENDING")),
                fields=["-id"],
                name="transaction_pending",
            ),
        ),
    ]
