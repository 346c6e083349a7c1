"""PlugFn's action log: one row for each attempt of each call, without parameters, results or secrets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.integrations.models.base import OwnedRow


class ActionLog(OwnedRow):
    """One attempt. The integration may be gone, so its id is no foreign key."""

    call_id = models.CharField(max_length=64)
    attempt = models.IntegerField()
    connection_id = models.CharField(max_length=64)
    provider = models.CharField(max_length=64)
    action = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    milliseconds = models.FloatField()
    outcome = models.CharField(max_length=32)
    error = models.TextField(blank=True, default="")
    code = models.TextField(blank=True, default="")
    source = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        indexes = [
            models.Index(fields=["client", "-started_at", "-id"], name="actionlog_of_client"),
            models.Index(fields=["connection_id", "-started_at", "-id"], name="actionlog_of_integration"),
            models.Index(fields=["call_id"], name="actionlog_call"),
            models.Index(fields=["started_at"], name="actionlog_time"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}.{self.action} {self.outcome}"
