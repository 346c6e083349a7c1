"""The audit: who did what to which row, by which way, and why."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One action. Rows are only ever added: the application's role may neither change nor delete one.

    It names rows and people by their ids alone, without foreign keys: an entry outlives what it is about, and holds no
    personal data that a person could ask to have erased. `details` holds ids, codes and counts.
    """

    class Via(models.TextChoices):
        SESSION = "session", _("page")
        ADMIN = "admin", _("admin")
        TOKEN = "token", _("personal access token")
        JWT = "jwt", _("JSON web token")
        AGENT = "agent", _("connected application")
        COMMAND = "command", _("command")
        SYSTEM = "system", _("Ponte itself")

    at = models.DateTimeField(_("at"), db_default=Now())
    actor = models.BigIntegerField(_("actor"), null=True, help_text=_("the id of the user; empty for Ponte itself"))
    via = models.CharField(_("via"), max_length=8, choices=Via.choices)
    token = models.BigIntegerField(_("token"), null=True, help_text=_("the id of the personal access token"))
    action = models.CharField(_("action"), max_length=60)
    # `app.model:id`
    subject = models.CharField(_("subject"), max_length=120, blank=True, default="")
    client = models.UUIDField(_("client"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["client", "-id"], name="audit_of_client"),
            models.Index(fields=["actor", "-id"], name="audit_of_actor"),
            models.Index(fields=["subject", "-id"], name="audit_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}".strip()
