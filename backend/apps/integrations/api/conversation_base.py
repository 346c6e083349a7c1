"""What the views of contacts and conversations share: one transaction, and rows by their UUID."""

from contextlib import AbstractContextManager
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404

from apps.api.views import ApiView
from lib.row_security import client_rows

Row = TypeVar("Row", bound=Model)
TAG = "Conversations"


class OfClient(ApiView):
    """A view that is one transaction: what it locks stays as it is until the answer."""

    def for_whom(self) -> AbstractContextManager[None]:
        """The caller's client."""
        return client_rows(self.membership.client_id)


def found(rows: QuerySet[Row], key: UUID) -> Row:
    """The row with this id. Raises Http404 if there is none among `rows`."""
    row = rows.filter(pk=key).first()
    if row is None:
        raise Http404
    return row
