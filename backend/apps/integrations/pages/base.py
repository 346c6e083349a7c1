"""What the pages of integrations share: the client's rows, an integration of theirs, and the audit."""

from contextlib import AbstractContextManager
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from apps.audit.record import record
from apps.integrations.models import Integration
from lib.pages.views import ClientPage
from lib.row_security import client_rows

Row = TypeVar("Row", bound=Model)


class IntegrationsPage(ClientPage):
    """A page about a client's integrations. It works on rows inside `own_rows()`, and calls vendors outside of it."""

    section = "integrations"

    def own_rows(self) -> AbstractContextManager[None]:
        """A short transaction that sees the rows of the chosen client alone."""
        return client_rows(self.membership.client_id)

    def integration(self, pk: UUID) -> Integration:
        """The client's integration; 404 for another client's."""
        with self.own_rows():
            found: Integration = self.get_or_404(self.visible(Integration).defer("sealed"), pk=pk)
            return found

    def note(self, action: str, subject: Model | str, **details: Any) -> None:
        """Write into the audit what the person did."""
        with self.own_rows():
            record(action, actor=self.request.user.pk, subject=subject, client=self.membership.client_id, **details)
