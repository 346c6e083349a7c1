"""How often something happened to the Connect widget in browsers: a rollup by the hour, without a client."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WidgetFigure(models.Model):
    """One sum: of one hour, kind, code and version of the widget's script. It holds no data of a person."""

    class Kind(models.TextChoices):
        SDK_LOADED = "sdk_loaded"
        SDK_FAILED = "sdk_failed"
        OPENED = "opened"
        CLOSED = "closed"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        TOKEN_MADE = "token_made"  # noqa: S105 - a kind, no secret
        TOKEN_FAILED = "token_failed"  # noqa: S105 - a kind, no secret

    hour = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    code = models.CharField(max_length=64, blank=True, default="")
    sdk_version = models.CharField(max_length=32)
    count = models.PositiveIntegerField()
    total_ms = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("figure of the widget")
        verbose_name_plural = _("figures of the widget")
        constraints = [
            models.UniqueConstraint(fields=["hour", "kind", "code", "sdk_version"], name="widget_figure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} {self.hour:%Y-%m-%d %H}h: {self.count}"
