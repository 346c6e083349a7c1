"""A client's connection to a bank (the vendor's item), the user's consents there, and the user's identity."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.contract import Subject
from apps.banking.aggregators.mailboxes import MailboxName, vendor_of
from apps.banking.models.base import ClientRow, VendorQuerySet, checks, seal_context
from apps.banking.models.catalog import Connector
from apps.banking.sizes import WORD
from apps.clients.models import Client, Membership
from lib.sealed import SealedJSON


class Connection(models.Model):
    """A member's connection to a bank. `status`, `execution_status` and `status_detail` are the vendor's words;
    `state` is ours.

    `last_updated_at` is when the vendor last read the bank, `last_synced_at` when we last synced.
    The vendor's requests to the user and its errors are sealed in `extra`.
    """

    class State(models.TextChoices):
        CONNECTING = "connecting", _("connecting")
        ACTIVE = "active", _("active")
        NEEDS_USER = "needs_user", _("needs the user")
        # The bank or the aggregator has a problem. Ponte retries, and the user need not act.
        OUTDATED = "outdated", _("outdated")
        DELETED = "deleted", _("deleted")

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="connections", db_index=False)
    # A migration creates the foreign key (member, client) in SQL: the member belongs to that client.
    member = models.ForeignKey(
        Membership, null=True, on_delete=models.SET_NULL, related_name="connections", db_constraint=False
    )
    aggregator = models.CharField(max_length=20, default="pluggy")
    # The set of credentials at the aggregator to which the item belongs; empty for the set in the settings.
    application = models.CharField(max_length=40, blank=True, default="", db_default="")
    vendor_id = models.CharField(max_length=100)
    connector = models.ForeignKey(Connector, null=True, on_delete=models.SET_NULL, related_name="connections")
    state = models.CharField(max_length=12, choices=State.choices, default=State.CONNECTING)
    status = models.CharField(**WORD)
    execution_status = models.CharField(**WORD)
    status_detail = models.JSONField(null=True)
    # What to do next, and why: aggregators.verdict.Action, ErrorType and the vendor's own code.
    action = models.CharField(**WORD)
    error_type = models.CharField(**WORD)
    error_code = models.CharField(**WORD)
    products = models.JSONField(default=list)
    consecutive_failed_login_attempts = models.IntegerField(null=True)
    consent_expires_at = models.DateTimeField(null=True)
    next_auto_sync_at = models.DateTimeField(null=True)
    last_updated_at = models.DateTimeField(null=True)
    last_synced_at = models.DateTimeField(null=True)
    last_reconciled_at = models.DateTimeField(null=True)
    # A person's "sync now" is refused until then: our own pause, or the time that the vendor named.
    refresh_allowed_at = models.DateTimeField(null=True)
    # The person has asked to disconnect; the worker that holds the mailbox does it.
    disconnect_asked_at = models.DateTimeField(null=True)
    # When Ponte last looked at the item by itself. It does so only while it has no public address.
    last_polled_at = models.DateTimeField(null=True)
    # When our last complete listing began, and the age of the bank's data then. While the bank delivers nothing newer,
    # there is nothing to list.
    listed_at = models.DateTimeField(null=True)
    listed_as_of = models.DateTimeField(null=True)
    # The due time of the last reminder of the consent's end, so that no reminder is sent twice.
    consent_reminded_for = models.DateTimeField(null=True)
    # Since when staff let Ponte not read this item. Its webhooks are stored, and finish without a call.
    paused_at = models.DateTimeField(null=True)
    extra_sealed = models.BinaryField(null=True)
    # The credential that reads the item, at aggregators that issue a token for each item.
    credential_sealed = models.BinaryField(null=True)
    vendor_created_at = models.DateTimeField(null=True)
    vendor_updated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)

    extra = SealedJSON("extra_sealed", empty={})
    credential = SealedJSON("credential_sealed", empty="")
    objects = VendorQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        permissions = [
            ("operate_connection", "Can sync, pause and mark connections"),
            ("manage_webhooks", "Can change the subscriptions to webhooks"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["aggregator", "application", "vendor_id"], name="connection_once"),
            models.UniqueConstraint(fields=["id", "client"], name="connection_of_client"),
            models.CheckConstraint(condition=~models.Q(vendor_id=""), name="connection_has_vendor_id"),
            models.CheckConstraint(
                condition=models.Q(state__in=["connecting", "active", "needs_user", "outdated", "deleted"]),
                name="connection_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="deleted", deleted_at__isnull=False)
                | (~models.Q(state="deleted") & models.Q(deleted_at=None)),
                name="connection_deleted_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-id"], name="connection_list"),
            models.Index(fields=["state", "-id"], name="connection_state"),
            models.Index(fields=["vendor_id"], name="connection_vendor_id"),
            models.Index(fields=["-id"], name="connection_paused", condition=models.Q(paused_at__isnull=False)),
            models.Index(
                fields=["last_reconciled_at"],
                name="connection_to_reconcile",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["consent_expires_at"],
                name="connection_consent_end",
                condition=models.Q(deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aggregator} item {self.vendor_id}"

    @property
    def mailbox(self) -> str:
        """The mailbox of all events about the connection's item."""
        return str(MailboxName(self.aggregator, self.application, Subject.ITEM, self.vendor_id))

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound: this item of this application."""
        return seal_context(type(self), [vendor_of(self.aggregator, self.application), self.vendor_id], column)


class Consent(ClientRow):
    """The user's permission for the aggregator to read the bank, and its end."""

    natural_key = ("connection_id", "vendor_id")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="consents", db_index=False, db_constraint=False
    )
    products = models.JSONField(default=list)
    open_finance_permissions_granted = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(fields=["connection", "vendor_id"], name="consent_once"),
            *checks("consent"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="consent_end", condition=models.Q(deleted_at=None)),
            models.Index(fields=["client"], name="consent_of_client"),
        ]


class Identity(ClientRow):
    """The user's identity at the bank; one row for each connection. Everything that names a person is sealed."""

    natural_key = ("connection_id",)

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, related_name="identity", db_constraint=False
    )
    full_name_sealed = models.BinaryField(null=True)
    company_name_sealed = models.BinaryField(null=True)
    tax_number_sealed = models.BinaryField(null=True)
    tax_number_index = models.BinaryField(null=True, max_length=16)
    document_sealed = models.BinaryField(null=True)
    document_type = models.CharField(**WORD)
    birth_date_sealed = models.BinaryField(null=True)
    job_title_sealed = models.BinaryField(null=True)
    emails_sealed = models.BinaryField(null=True)
    phone_numbers_sealed = models.BinaryField(null=True)
    addresses_sealed = models.BinaryField(null=True)
    investor_profile = models.CharField(**WORD)

    full_name = SealedJSON("full_name_sealed", empty="")
    company_name = SealedJSON("company_name_sealed", empty="")
    tax_number = SealedJSON("tax_number_sealed", empty="")
    document = SealedJSON("document_sealed", empty="")
    birth_date = SealedJSON("birth_date_sealed", empty="")
    job_title = SealedJSON("job_title_sealed", empty="")
    emails = SealedJSON("emails_sealed", empty=[])
    phone_numbers = SealedJSON("phone_numbers_sealed", empty=[])
    addresses = SealedJSON("addresses_sealed", empty=[])

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = checks("identity")
        indexes = [
            models.Index(fields=["tax_number_index"], name="identity_tax_number"),
            models.Index(fields=["client"], name="identity_of_client"),
        ]
