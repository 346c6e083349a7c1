"""The live progress of an item: from the bank's questions to the first data."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.banking.connect.answer import answer_mfa
from apps.banking.connect.applications import preferred
from apps.banking.connect.errors import NotYours
from apps.banking.connect.finish import finish
from apps.banking.connect.progress import SOON, Progress, progress_of, progress_of_item
from apps.banking.models import Connection
from apps.banking.pages.connect_forms import AnswerForm, FinishForm
from apps.banking.pages.connect_words import FAILURES, words_of
from apps.banking.pages.qr import qr_drawing
from lib.pages.views import ClientPage

# After so many questions a page asks this often, in seconds; after MOST_QUESTIONS it stops.
SLOWER = ((20, 5), (60, 15))
MOST_QUESTIONS = 150
STEP_STATES = {"read": "done", "reading": "busy", "waiting": "waiting"}


@dataclass(frozen=True)
class Shown:
    """What the template shows. `seen` changes when anything of it does."""

    item: str
    application: str
    progress: Progress | None
    trouble: str = ""

    @property
    def connection(self) -> Connection | None:
        return self.progress.connection if self.progress else None

    @property
    def bank(self) -> str:
        """The bank's name, as far as it is known."""
        connector = self.connection.connector if self.connection else None
        return connector.name if connector else ""

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The products, each with the state that the list of steps draws."""
        products = self.progress.products if self.progress else ()
        return [{"label": str(one.label), "rows": one.rows, "state": STEP_STATES[one.step]} for one in products]

    @property
    def qr(self) -> SafeString | None:
        """The QR code that the bank's app reads."""
        request = self.progress.request if self.progress else None
        return qr_drawing(request.code) if request and request.code else None

    @property
    def is_over(self) -> bool:
        return bool(self.progress and self.progress.is_over)

    @property
    def seen(self) -> str:
        """A digest of what is shown, which holds nothing of it."""
        progress = self.progress
        if progress is None:
            return "none"
        request = progress.request
        asked = (request.kind, request.name, str(request.expires_at)) if request else ()
        parts = (
            progress.stage,
            str(progress.words),
            progress.error_code,
            asked,
            str(self.steps),
            bool(self.connection),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class ItemProgress(ClientPage):
    """How far an item is. It asks again by itself while something is under way, and works by reloading too."""

    template_name = "banking/connect/progress.html"
    section = "connections"

    def get(self, request: HttpRequest, item: UUID) -> HttpResponse:
        """HTMX gets a new clock and, if anything changed, the new contents."""
        shown = self._look(str(item))
        questions = _number(request.GET.get("n", ""))
        context: dict[str, Any] = {"shown": shown, "wait": _wait(shown, questions), "n": questions + 1}
        if request.htmx:  # type: ignore[attr-defined]
            self.template_name = "banking/connect/progress_poll.html"
            context["has_changed"] = request.GET.get("seen") != shown.seen
        return self.show(**context)

    def _look(self, item: str) -> Shown:
        rows = self.visible(Connection).filter(vendor_id=item).select_related("connector").order_by("-id")
        known = rows.first()
        application = known.application if known else preferred(self.membership.client)
        try:
            progress = progress_of(known) if known else self._of_item(item, application)
        except NotYours:
            raise Http404 from None
        except FAILURES as error:
            return Shown(item, application, None, words_of(error)[2])
        return Shown(item, application, progress)

    def _of_item(self, item: str, application: str) -> Progress:
        """An item may have been made with the server's credentials before the client had its own."""
        try:
            return progress_of_item(self.membership, item, application)
        except NotYours:
            if not application:
                raise
            return progress_of_item(self.membership, item)


def _number(text: str) -> int:
    return min(int(text), MOST_QUESTIONS) if text.isascii() and text.isdigit() else 0


def _wait(shown: Shown, questions: int) -> int:
    """Seconds until the page asks again; 0: it does not."""
    if shown.is_over or questions >= MOST_QUESTIONS:
        return 0
    usual = shown.progress.ask_again if shown.progress else SOON
    return max(usual, *(seconds for after, seconds in SLOWER if questions >= after), 0)


class Answer(ClientPage):
    """The person answers the bank's question."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self.get_or_404(self.visible(Connection).live(), pk=pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Enter what the bank asks for."))
        else:
            self._send(connection, form.cleaned_data["value"])
        return redirect("banking:connect-progress", item=connection.vendor_id)

    def _send(self, connection: Connection, value: str) -> None:
        try:
            answer_mfa(connection, value)
        except FAILURES as error:
            code = getattr(error, "code", "")
            asked_no_more = code == "NOTHING_ASKED" or code.startswith("ITEM_MFA_")
            late = _("The bank does not wait for this any more. Connect again to get a new code.")
            messages.error(self.request, late if asked_no_more else words_of(error)[2])


class Return(ClientPage):
    """Where a bank's own page leads back to, in a window of its own or in the same one."""

    template_name = "banking/connect/return.html"
    section = "connections"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The address only names an item; Pluggy says whose it is and whether the person agreed."""
        form = FinishForm({"item": request.GET.get("itemId", "")})
        refused = "message" in request.GET
        if not form.is_valid():
            return self.show(item="", refused=refused)
        item = str(form.cleaned_data["item"])
        if not refused and self.membership.may_write:
            self._finish(item)
        return self.show(item=item, refused=refused)

    def _finish(self, item: str) -> None:
        """Nothing is lost if this fails: the webhook, or the next look at the progress, does the same."""
        try:
            finish(self.membership, item, preferred(self.membership.client))
        except FAILURES as error:
            messages.warning(self.request, words_of(error)[2])
