"""A client's account at another service. PlugFn knows the row as a connection; its credentials are sealed by PlugFn."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.integrations.catalogue import BY_PROVIDER, Entry
from apps.integrations.models.base import OwnedRow


class Integration(OwnedRow):
    """One account. The columns of the second block are PlugFn's; only its store writes them.

    `is_sole`: a client has at most one of this type.
    """

    class Status(models.TextChoices):
        CONNECTED = "connected", _("connected")
        # The vendor says so: a phone that is no longer linked.
        DISCONNECTED = "disconnected", _("disconnected")
        # The last test or call failed; the next one may succeed.
        ERROR = "error", _("error")
        # The vendor refuses the credentials: a person must connect again.
        NEEDS_REAUTH = "needs_reauth", _("needs a new sign-in")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=40)
    is_sole = models.BooleanField(default=False)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CONNECTED)
    paused_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    tested_ms = models.PositiveIntegerField(null=True)
    # The code of the last error; the catalogue of advice says it in words.
    last_error = models.CharField(max_length=100, blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    keeps_content = models.BooleanField(default=False)

    provider = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    # What a person knows the account by, sealed; and a keyed digest of the vendor's id of it.
    label = models.TextField(blank=True, default="")
    account = models.CharField(max_length=255, blank=True, default="")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    error_code = models.TextField(blank=True, default="")
    last_used_at = models.DateTimeField(null=True)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        permissions = [
            ("test_integration", "Can test integrations"),
            ("pause_integration", "Can pause and resume integrations"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "type"], name="integration_sole", condition=models.Q(is_sole=True)
            ),
            # Foreign keys over (integration, client) refer to this.
            models.UniqueConstraint(fields=["id", "client"], name="integration_row_of_client"),
            models.CheckConstraint(
                condition=models.Q(status__in=["connected", "disconnected", "error", "needs_reauth"]),
                name="integration_status_known",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "provider", "id"], name="integration_of_client"),
            models.Index(fields=["provider", "account"], name="integration_account"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.pk}"

    @property
    def entry(self) -> Entry:
        """The provider's entry of the catalogue."""
        return BY_PROVIDER[self.provider]

    @property
    def title(self) -> str:
        """The name that a person gave it, or else the provider's."""
        return self.name or self.entry.label

    @property
    def status_name(self) -> str | Promise:
        """Its status in words."""
        return _("paused") if self.paused_at else Integration.Status(self.status).label

    @property
    def is_usable(self) -> bool:
        """Whether calls through it make sense now."""
        return self.paused_at is None and self.status != Integration.Status.NEEDS_REAUTH


class Generation(models.Model):
    """One row, whose number rises with each change of what proves a webhook: what processes cached before is void."""

    number = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("generation of webhook keys")
        verbose_name_plural = _("generations of webhook keys")

    def __str__(self) -> str:
        return str(self.number)
