"""Pages whose database shows the rows of the chosen client alone."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.views import View

from apps.audit.record import record
from apps.integrations.models import Contact, Conversation
from lib.pages.views import SignedInPage
from lib.row_security import client_rows


class OfClient(View):
    """Stands before the base of a page. One transaction makes the whole answer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and render inside the transaction."""
        membership = getattr(request, "membership", None)
        if not request.user.is_authenticated or membership is None:
            return super().dispatch(request, *args, **kwargs)
        with client_rows(membership.client_id):
            response = super().dispatch(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response


def noted(page: SignedInPage, action: str, subject: Contact | Conversation, **details: Any) -> None:
    """Write what the person did into the audit. For the details see `record`."""
    record(action, actor=page.request.user.pk, subject=subject, client=subject.client_id, **details)
