"""Small values of PlugFn with a lifetime: OAuth states, idempotency keys. They arrive sealed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.integrations.models.base import of_client


class ShortLived(models.Model):
    """`key` is a digest. A value of no client is one that PlugFn stored for itself."""

    client = of_client(null=True, db_index=False)
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    value = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("short-lived value")
        verbose_name_plural = _("short-lived values")
        constraints = [
            models.UniqueConstraint(fields=["client", "kind", "key"], name="shortlived_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.kind
