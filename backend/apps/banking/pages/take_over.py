"""Taking over an item that was connected elsewhere, by its id."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.banking.connect.errors import NotYours
from apps.banking.connect.take_over import take_over
from apps.banking.models import ClientApplication
from apps.banking.pages.connect_forms import TakeOverForm
from apps.banking.pages.connect_words import FAILURES, words_of
from lib.pages.views import ClientPage


class TakeOver(ClientPage):
    """One form: the item's id, and whose credentials can read it."""

    template_name = "banking/connect/take_over.html"
    section = "connections"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=TakeOverForm(own=self._own()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TakeOverForm(request.POST, own=self._own())
        if form.is_valid() and (item := self._take(form)):
            return redirect("banking:connect-progress", item=item)
        return self.show(422, form=form)

    def _own(self) -> list[ClientApplication]:
        return list(self.visible(ClientApplication).order_by("-id")[:20])

    def _take(self, form: TakeOverForm) -> str:
        """The item's id; empty if the form has an error now."""
        item, application = str(form.cleaned_data["item"]), form.cleaned_data["application"]
        try:
            # The aggregator is asked, so no transaction is open around it.
            connection = take_over(self.membership, item, application, staff=bool(self.request.user.is_staff))
        except NotYours:
            form.add_error("item", _("There is no such item, or it belongs to somebody else."))
            return ""
        except FAILURES as error:
            form.add_error(None, words_of(error)[2])
            return ""
        record("connection.take_over", actor=self.request.user.pk, subject=connection, client=self.membership.client_id)
        return item
