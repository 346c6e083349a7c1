"""How far Ponte has read each list of transactions, so that the next reading begins there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.models.connection import Connection
from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet


class Mark(models.Model):
    """How far Ponte has read one scope of a connection. Only the aggregator's code understands `text`.

    `scope` is an account's vendor id, or empty if the aggregator follows the changes of the whole item.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="marks", db_index=False, db_constraint=False
    )
    scope = models.CharField(max_length=100, blank=True, default="")
    text = models.TextField()

    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading mark")
        verbose_name_plural = _("reading marks")
        constraints = [
            models.UniqueConstraint(fields=["connection", "scope"], name="mark_once"),
            models.CheckConstraint(condition=~models.Q(text=""), name="mark_says_something"),
        ]
        indexes = [models.Index(fields=["client"], name="mark_of_client")]

    def __str__(self) -> str:
        return f"mark of connection {self.connection_id}"
