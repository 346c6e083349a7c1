"""What the endpoints of integrations share: errors in their words, and finding the client's integration."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.inputs import Input
from apps.api.views import ApiView, ListView
from apps.integrations.api.errors import as_refused, not_found, several
from apps.integrations.models import Integration
from lib.row_security import client_rows


class IntegrationView(ApiView):
    """A view whose errors are those of integrations. `names`: what the API calls PlugFn's fields."""

    names: ClassVar[Mapping[str, str]] = {}

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error."""
        return super().handle_exception(as_refused(exc, self.names))

    @property
    def client_id(self) -> UUID:
        """The caller's client."""
        return self.membership.client_id

    def integration(self, number: UUID, *providers: str) -> Integration:
        """The client's integration with this id, at one of the providers if any are named. Raises Refused (404)."""
        found = [row for row in self._own(*providers) if row.pk == number]
        if not found:
            raise not_found()
        return found[0]

    def only(self, number: UUID | None, *providers: str) -> Integration:
        """The named integration, or the client's only one at these providers. Raises Refused (404, 409)."""
        if number is not None:
            return self.integration(number, *providers)
        found = self._own(*providers)
        if len(found) > 1:
            raise several()
        if not found:
            raise not_found()
        return found[0]

    def at_most_one(self, number: UUID | None, provider: str) -> Integration | None:
        """Like `only`, but None if the client has none there and the call names none."""
        return self.only(number, provider) if number is not None or self._own(provider) else None

    def changed(self, action: str, integration: Integration, **details: Any) -> None:
        """Write into the audit what the call did."""
        trail.changed(self.access, f"integration.{action}", integration, **details)

    def _own(self, *providers: str) -> list[Integration]:
        """A client has at most a hundred."""
        with client_rows(self.client_id):
            rows = Integration.objects.defer("sealed").of(self.membership.client)
            return list(rows.filter(provider__in=providers) if providers else rows)


class OwnList(IntegrationView, ListView):
    """A list of rows of the client."""

    query: type[Input]

    def get(self, request: Request, **path: Any) -> Response:
        """One page."""
        with client_rows(self.client_id):
            return ListView.get(self, request, **path)
