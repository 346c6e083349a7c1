"""What the views of contacts and conversations share: for whom they work, and rows by their UUID."""

from contextlib import ExitStack
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from apps.api.views import ApiView
from lib.row_security import client_rows

Row = TypeVar("Row", bound=Model)
TAG = "Conversations"


class OfClient(ApiView):
    """A view whose database shows the rows of the caller's client alone."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer."""
        with ExitStack() as self._for_whom:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask who calls, then limit the rows."""
        super().initial(request, *args, **kwargs)
        self._for_whom.enter_context(client_rows(self.membership.client_id))


def found(rows: QuerySet[Row], key: UUID) -> Row:
    """The row with this id. Raises Http404 if there is none among `rows`."""
    row = rows.filter(pk=key).first()
    if row is None:
        raise Http404
    return row
