"""A client's own credentials at an aggregator, with which the banks of its people are connected."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.stored import Credentials
from apps.banking.models.base import seal_context
from apps.banking.sizes import WORD
from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet
from lib.row_security import for_system, streamed
from lib.sealed import SealedJSON


def new_name() -> str:
    """A name that no other application has. It is ours, so that it reveals nothing and no two clients want the same."""
    return f"own-{secrets.token_hex(8)}"


class ClientApplication(models.Model):
    """A client's own application at an aggregator. Only that client's people connect banks with it.

    `name` is the application's part of mailboxes and webhook addresses; `label` is what people call it. `tested_at` is
    when the aggregator last accepted the credentials, `error_code` why it did not since then.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="applications", db_index=False)
    aggregator = models.CharField(max_length=20, default="pluggy")
    name = models.CharField(max_length=40, default=new_name)
    label = models.CharField(max_length=80)
    key_sealed = models.BinaryField()
    secret_sealed = models.BinaryField()
    tested_at = models.DateTimeField()
    error_code = models.CharField(**WORD)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    key = SealedJSON("key_sealed")
    secret = SealedJSON("secret_sealed")
    objects = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("own application")
        verbose_name_plural = _("own applications")
        constraints = [
            models.UniqueConstraint(fields=["aggregator", "name"], name="client_application_once"),
            models.CheckConstraint(
                condition=models.Q(name__regex=r"^[A-Za-z0-9_-]{1,40}$"), name="client_application_has_name"
            ),
        ]
        indexes = [models.Index(fields=["client", "id"], name="client_application_list")]

    def __str__(self) -> str:
        return f"{self.aggregator}@{self.name}"

    def seal_context(self, column: str) -> str:
        """The context to which the ciphertext of `column` is bound: this application."""
        return seal_context(type(self), [self.aggregator, self.name], column)

    @property
    def credentials(self) -> Credentials:
        """The credentials, decrypted."""
        return Credentials(self.name, self.client_id, self.key, self.secret)


@for_system("credentials of an application")
def find_credentials(aggregator: str, name: str) -> Credentials | None:
    """The credentials of one application; None if it does not exist."""
    row = ClientApplication.objects.filter(aggregator=aggregator, name=name).first()
    return row.credentials if row else None


def find_all_credentials(aggregator: str) -> Iterator[Credentials]:
    """The credentials of all applications of clients, oldest first."""
    rows = ClientApplication.objects.filter(aggregator=aggregator).order_by("pk")
    return streamed(_for_all, (row.credentials for row in rows.iterator(200)))


def _for_all() -> AbstractContextManager[None]:
    return for_system("credentials of an application")
