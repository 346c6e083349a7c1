"""Counts by hour, which a periodic task keeps (sync/rollup.py), so that no page counts millions of rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.sizes import WORD


class SyncHour(models.Model):
    """The syncs that began in one hour, by institution, result and kind of error.

    The row with an empty `state` holds the sum of its hour, also if that is 0: it says that the hour has been counted.
    """

    hour = models.DateTimeField()
    # The primary key of the institution; 0 for none. Not a foreign key: the counts outlive it.
    connector = models.BigIntegerField(default=0)
    state = models.CharField(**WORD)
    error_type = models.CharField(**WORD)
    runs = models.IntegerField()
    seconds = models.FloatField()

    class Meta:
        verbose_name = _("syncs of an hour")
        verbose_name_plural = _("syncs by hour")
        constraints = [
            models.UniqueConstraint(fields=["hour", "connector", "state", "error_type"], name="sync_hour_once"),
        ]

    def __str__(self) -> str:
        return f"{self.runs} {self.state} in {self.hour:%Y-%m-%d %H:00}"


class ConnectionHour(models.Model):
    """How many connections were in one state when an hour was last counted."""

    hour = models.DateTimeField()
    state = models.CharField(**WORD)
    connections = models.IntegerField()

    class Meta:
        verbose_name = _("connections of an hour")
        verbose_name_plural = _("connections by hour")
        constraints = [models.UniqueConstraint(fields=["hour", "state"], name="connection_hour_once")]

    def __str__(self) -> str:
        return f"{self.connections} {self.state} in {self.hour:%Y-%m-%d %H:00}"
