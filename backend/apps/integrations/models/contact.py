"""A person with whom a client exchanges messages, over one channel or several."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.integrations.models.base import OwnedRow
from lib.sealed import SealedJSON


class Contact(OwnedRow):
    """Name, phone and e-mail are sealed. A keyed digest beside the phone and the e-mail finds the person by them.

    `handle` is the id of a person whom the vendor names otherwise, such as WhatsApp's users without a visible number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name_sealed = models.BinaryField(null=True)
    phone_sealed = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True, max_length=16)
    email_sealed = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True, max_length=16)
    handle_sealed = models.BinaryField(null=True)
    handle_index = models.BinaryField(null=True, max_length=16)
    # When the name was written: a message that is older than this does not change it. Nor does any, once the client
    # has chosen a name.
    named_at = models.DateTimeField(null=True)
    name_is_own = models.BooleanField(default=False)
    # While it is set nothing automatic is sent to the person. `opted_out_by` is the channel on which they said so, or
    # `client` if somebody of the client did.
    opted_out_at = models.DateTimeField(null=True)
    opted_out_by = models.CharField(max_length=20, blank=True, default="")
    # When the person last took it back: an older message that arrives late does not opt out again.
    opted_in_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    name: Any = SealedJSON("name_sealed", empty="")
    phone: Any = SealedJSON("phone_sealed", empty="")
    email: Any = SealedJSON("email_sealed", empty="")
    handle: Any = SealedJSON("handle_sealed", empty="")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.UniqueConstraint(fields=["client", "phone_index"], name="contact_phone_once"),
            models.UniqueConstraint(fields=["client", "email_index"], name="contact_email_once"),
            models.UniqueConstraint(fields=["client", "handle_index"], name="contact_handle_once"),
            # Foreign keys over (contact, client) refer to this.
            models.UniqueConstraint(fields=["id", "client"], name="contact_of_client"),
        ]
        indexes = [
            models.Index(fields=["client", "-created_at", "-id"], name="contact_newest"),
            models.Index(fields=["-created_at", "-id"], name="contact_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound."""
        return f"integrations.Contact|{self.pk}|{column}"
