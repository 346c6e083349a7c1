"""One send: its way, what went wrong, its content while it is stored, and what a person can do about it."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.integrations.models import Send
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.send_words import SendRow
from apps.integrations.pages.words import error_words
from apps.integrations.sending.request import confirm, repeat
from lib.errors import Permanent

# Parameters that people wrote, in the order in which they are shown.
_WRITTEN = ("subject", "text", "caption")
# Questions of a page about a send under way, after which it waits longer, and after which it asks no more.
SLOWER_AFTER, MOST_QUESTIONS = 20, 60


class SendPage(IntegrationsPage):
    """One send. With HTMX only its state, while it is under way."""

    template_name = "integrations/send.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, questions = self.row(pk), _number(request.GET.get("n", ""))
        if request.htmx:  # type: ignore[attr-defined]
            self.template_name = "integrations/send_state.html"
        return self.show(row=row, content=_content(row.send), n=questions + 1, wait=_wait(row, questions))

    def row(self, pk: UUID) -> SendRow:
        """The client's send."""
        with self.own_rows():
            send: Send = self.get_or_404(
                self.visible(Send).select_related("integration").defer("integration__sealed"), pk=pk
            )
            return SendRow(send, send.integration)


class Repeat(SendPage):
    """GET asks whether to send it again, POST does."""

    template_name = "integrations/repeat.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row = self.row(pk)
        return self.show(row=row) if row.can_be_repeated else redirect("integrations:send", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        send = self.row(pk).send
        try:
            with self.own_rows():
                repeat(send)
                self.note("send.repeat", send, was=send.state)
        except Permanent as error:
            messages.error(request, error_words(error.code))
        else:
            messages.success(request, _("It is sent again."))
        return redirect("integrations:send", pk)


class Confirm(SendPage):
    """A person says that a send did arrive."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        send = self.row(pk).send
        try:
            with self.own_rows():
                confirm(send)
                self.note("send.confirm", send)
        except Permanent:
            messages.info(request, _("Its state is known meanwhile."))
        return redirect("integrations:send", pk)


def _content(send: Send) -> list[str]:
    """What was written, as texts; empty once it is no longer stored."""
    if send.params_sealed is None:
        return []
    params: dict[str, Any] = send.params
    written = [str(params[name]) for name in _WRITTEN if params.get(name)]
    return written or [json.dumps(params, ensure_ascii=False, indent=1)]


def _number(text: str) -> int:
    return min(int(text), MOST_QUESTIONS) if text.isascii() and text.isdigit() else 0


def _wait(row: SendRow, questions: int) -> int:
    """Seconds until the page asks again; 0: it does not."""
    if not row.is_under_way or questions >= MOST_QUESTIONS:
        return 0
    return 1 if questions < SLOWER_AFTER else 5
