"""What the tables of this app share: their client, by whom PostgreSQL limits which rows a transaction sees."""

from typing import Any

from django.db import models

from apps.clients.models import Client
from apps.clients.scope import ClientQuerySet


def of_client(**options: Any) -> Any:
    """The key of a row's client. Every table of this app has one, and a policy over it (lib.row_security)."""
    return models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", **options)


class OwnedRow(models.Model):
    """A row of one client."""

    client = of_client(db_index=False)

    objects = ClientQuerySet.as_manager()

    class Meta:
        abstract = True
