"""The log of syncs: why each sync ran, what it wrote and how it ended."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.banking.models.connection import Connection
from apps.banking.sizes import WORD
from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet
from lib.errors import ErrorType


class SyncRun(models.Model):
    """One sync of one connection.

    `cause` is the kind of the event that caused it, and `event` the event's id (not a foreign key, because events are
    purged). `counts` is {product: {created, changed, unchanged, removed}}. `progress` is {planned, read, reading}:
    the products to read, those read so far, and the one that is being read. It commits with each page.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARTIAL = "partial", _("partial")
        FAILED = "failed", _("failed")

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="sync_runs", db_index=False, db_constraint=False
    )
    cause = models.CharField(max_length=100)
    event = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    counts = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    error_type = models.CharField(max_length=32, blank=True, default="", db_default="")
    error_code = models.CharField(**WORD)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync")
        verbose_name_plural = _("syncs")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "partial", "failed"]), name="sync_run_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | (~Q(state="running") & Q(finished_at__isnull=False, finished_at__gte=F("started_at"))),
                name="sync_run_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(error_type__in=["", *[str(kind) for kind in ErrorType]]),
                name="sync_run_error_type_known",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error_type=""), name="sync_run_failed_says_why"),
        ]
        indexes = [
            models.Index(fields=["connection", "-id"], name="sync_run_list"),
            models.Index(fields=["client", "-id"], name="sync_run_list_client"),
            models.Index(fields=["started_at"], name="sync_run_started"),
            models.Index(fields=["state", "-id"], name="sync_run_state"),
            models.Index(fields=["error_type", "-id"], name="sync_run_error", condition=~Q(error_type="")),
        ]

    def __str__(self) -> str:
        return f"sync {self.pk} ({self.cause})"

    @property
    def duration(self) -> timedelta | None:
        """The time from start to end; None while the sync runs."""
        return self.finished_at - self.started_at if self.finished_at else None
