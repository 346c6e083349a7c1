"""Conversations with contacts, and their messages: metadata, and content only where a client wants it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.integrations.models.base import OwnedRow
from apps.integrations.models.contact import Contact
from apps.integrations.models.integration import Integration
from lib.sealed import SealedJSON


class Direction(models.TextChoices):
    """Who wrote a message."""

    IN = "in", pgettext_lazy("message", "received")
    OUT = "out", _("sent")


class Conversation(OwnedRow):
    """The messages with one contact over one integration. Of several, at most one is not closed.

    open: the contact waits for an answer. waiting: we wait for the contact.
    """

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("conversation", "open")
        WAITING = "waiting", pgettext_lazy("conversation", "waiting")
        CLOSED = "closed", pgettext_lazy("conversation", "closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations", db_index=False)
    integration = models.ForeignKey(Integration, null=True, on_delete=models.SET_NULL, related_name="conversations")
    channel = models.CharField(max_length=20)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(db_default=Now())
    last_direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "contact", "channel"],
                name="conversation_one_not_closed",
                condition=~models.Q(status="closed"),
            ),
            models.UniqueConstraint(fields=["id", "client"], name="conversation_of_client"),
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "waiting", "closed"]), name="conversation_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-last_message_at", "-id"], name="conversation_newest"),
            models.Index(fields=["client", "status", "-last_message_at", "-id"], name="conversation_status"),
            models.Index(fields=["contact", "-last_message_at"], name="conversation_of_contact"),
            models.Index(fields=["last_message_at"], name="conversation_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Message(OwnedRow):
    """One message. `content` is there only if the integration kept contents when it came, and until that retention."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", pgettext_lazy("message", "read")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")
        RECEIVED = "received", pgettext_lazy("message", "received")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    # The send of an outgoing message. It may have ended by its retention.
    send = models.OneToOneField(
        "integrations.Send", null=True, on_delete=models.SET_NULL, related_name="message", db_constraint=True
    )
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=20, default="text")
    state = models.CharField(max_length=10, choices=State.choices)
    # The integration and the vendor's id: a message that is delivered again is the same row.
    integration = models.ForeignKey(Integration, null=True, on_delete=models.SET_NULL, related_name="+")
    vendor_id = models.CharField(max_length=200, blank=True, default="")
    length = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    content_sealed = models.BinaryField(null=True)

    content: Any = SealedJSON("content_sealed", empty="")

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "vendor_id"], name="message_once", condition=~models.Q(vendor_id="")
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "-at", "-id"], name="message_of_conversation"),
            models.Index(fields=["client", "-at", "-id"], name="message_of_client"),
            models.Index(fields=["at"], name="message_time"),
            models.Index(fields=["at"], name="message_with_content", condition=models.Q(content_sealed__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound. Its number is not known before it is stored."""
        return f"integrations.Message|{self.conversation_id}|{self.direction}|{column}"
