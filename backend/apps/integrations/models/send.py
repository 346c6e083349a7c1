"""A message, or another call, that a client asked Ponte to make once: what, to whom, and what became of it."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.integrations.models.base import OwnedRow
from apps.integrations.models.contact import Contact
from apps.integrations.models.integration import Integration
from lib.sealed import SealedJSON

# Seconds for which a repetition with the same idempotency key is the same send.
KEY_HOURS = 24


class Send(OwnedRow):
    """One send. Its id is the id of PlugFn's call, which vendors get, so their news of it name it.

    `sending` is committed before the vendor is called. A send that is found `sending` by another run is `unknown`
    until the vendor is asked.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")

    class Source(models.TextChoices):
        API = "api", _("API")
        PAGE = "page", _("page")
        AGENT = "agent", _("agent")
        RULE = "rule", _("rule")
        TEST = "test", _("test message")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey(Integration, null=True, on_delete=models.SET_NULL, related_name="sends")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="sends")
    provider = models.CharField(max_length=64)
    channel = models.CharField(max_length=20)
    action = models.CharField(max_length=100)
    source = models.CharField(max_length=10, choices=Source.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # The action's parameters; empty once the retention of contents has passed.
    params_sealed = models.BinaryField(null=True)
    recipient_sealed = models.BinaryField(null=True)
    recipient_index = models.BinaryField(max_length=16)
    # Digests of the caller's idempotency key, and of what was asked with it.
    key = models.BinaryField(null=True, max_length=16)
    key_mark = models.BinaryField(null=True, max_length=16)
    # The vendor's id of the message.
    vendor_id = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    params: Any = SealedJSON("params_sealed", empty={})
    recipient: Any = SealedJSON("recipient_sealed", empty="")

    class Meta:
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        permissions = [("replay_send", "Can send again"), ("view_content", "Can see the contents of sends")]
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="send_once", condition=models.Q(key__isnull=False)),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["queued", "sending", "sent", "delivered", "read", "failed", "unknown"],
                ),
                name="send_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-created_at", "-id"], name="send_newest"),
            models.Index(fields=["client", "state", "-created_at", "-id"], name="send_state"),
            models.Index(fields=["client", "channel", "-created_at", "-id"], name="send_channel"),
            models.Index(fields=["integration", "-created_at", "-id"], name="send_of_integration"),
            models.Index(fields=["integration", "vendor_id"], name="send_vendor_id"),
            models.Index(fields=["created_at"], name="send_time"),
            models.Index(
                fields=["created_at"], name="send_waiting", condition=models.Q(state__in=["queued", "sending"])
            ),
            models.Index(
                fields=["-created_at", "-id"],
                name="send_in_trouble",
                condition=models.Q(state__in=["failed", "unknown"]),
            ),
            models.Index(
                fields=["created_at"], name="send_with_content", condition=models.Q(params_sealed__isnull=False)
            ),
            models.Index(fields=["created_at"], name="send_keys", condition=models.Q(key__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound."""
        return f"integrations.Send|{self.pk}|{column}"
