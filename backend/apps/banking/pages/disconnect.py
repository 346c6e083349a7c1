"""Disconnecting a bank, and erasing what one has left: asks first, and says what ends and what stays."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.banking.connect.disconnect import disconnect
from apps.banking.models import Connection
from apps.banking.pages.connect_forms import DisconnectForm
from lib.pages.views import ClientPage


class Disconnect(ClientPage):
    """One form: keep or erase what was read."""

    template_name = "banking/connect/disconnect.html"
    section = "connections"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show(connection=self._connection(pk), form=DisconnectForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection, form = self._connection(pk), DisconnectForm(request.POST)
        if not form.is_valid():
            return self.show(422, connection=connection, form=form)
        erase = form.cleaned_data["data"] == DisconnectForm.ERASE
        if connection.deleted_at and not erase:
            return redirect("banking:connection", connection.pk)
        with transaction.atomic():
            disconnect(connection, erase=erase)
            record(
                "connection.disconnect",
                actor=request.user.pk,
                subject=connection,
                client=connection.client_id,
                erase=erase,
            )
        if erase:
            # No progress: at its end there is no connection to show.
            messages.success(request, _("The bank is being disconnected, and its data erased. This takes a moment."))
            return redirect("banking:connections")
        messages.success(request, _("The bank is being disconnected. This takes a moment."))
        return redirect("banking:connect-progress", item=connection.vendor_id)

    def _connection(self, pk: int) -> Connection:
        found: Connection = self.get_or_404(self.visible(Connection).select_related("connector"), pk=pk)
        return found
