"""/api/integrations/whatsapp/: connect a number, see how it is, send and test."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Moment, Number, StrictText, Text
from apps.api.inputs import Input, read_body
from apps.api.schema import TAG_INTEGRATIONS, described
from apps.api.views import answer
from apps.integrations.api.base import IntegrationView
from apps.integrations.api.configuring import ConfiguringView
from apps.integrations.api.inputs import name_field
from apps.integrations.api.sending import SendingView, sending
from apps.integrations.api.shapes import connected_answer, opened
from apps.integrations.api.trying import TryingView, success_answer
from apps.integrations.models import Integration, Send
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from lib.row_security import client_rows

PROVIDER = "whatsapp_uazapi"
# The contract's names of PlugFn's fields.
_CREDENTIALS = {"base_url": "api_url", "token": "api_token", "phone": "phone_number"}
# What is wrong with the whole message is wrong with the number.
_MESSAGE = {"to": "phone", "text": "message", "": "phone"}
_SENT = (Send.State.SENT, Send.State.DELIVERED, Send.State.READ)


class WhatsAppCredentials(Input):
    """A number at the gateway."""

    api_url = StrictText(required=False, max_length=300, help_text="The gateway's address; the server has a default.")
    api_token = StrictText(max_length=512, help_text="The token of the instance, not the administrator's.")
    phone_number = StrictText(required=False, max_length=40, help_text="The account's own number.")
    instance_name = StrictText(required=False, max_length=200, help_text="The instance's name at the gateway.")
    name = name_field()


class WhatsAppMessage(Input):
    """A text to one person."""

    phone = StrictText(max_length=40, help_text="The person's number, as people write it; best `+5511999999999`.")
    message = StrictText(max_length=4096, help_text="The text.")


class ConfigureView(ConfiguringView):
    """Connect."""

    names = _CREDENTIALS

    @described(
        "Connect WhatsApp",
        connected_answer(),
        tag=TAG_INTEGRATIONS,
        body=WhatsAppCredentials,
        errors=(404, 409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Asks the gateway whether the token works, and stores it. A second time replaces what was stored."""
        sent = read_body(request, WhatsAppCredentials)
        names = {ours: theirs for theirs, ours in _CREDENTIALS.items()}
        values = {names.get(name, name): value for name, value in sent.items() if name != "name"}
        return self.configure(PROVIDER, values, name=sent.get("name", ""))


class StatusView(IntegrationView):
    """How it is."""

    @described(
        "Status of WhatsApp",
        inline_serializer(
            "WhatsAppStatusAnswer",
            {
                "success": serializers.BooleanField(help_text="Always true."),
                "status": Text("As of integrations, or `paused`."),
                "last_tested_at": Moment("When it was last tested.", null=True),
                "phone_number": Text("The account's own number, as it was entered."),
                "messages_sent_today": Number("Since midnight of the server's time zone."),
                "rate_limit_remaining": Number("How many calls the gateway may get now."),
            },
        ),
        tag=TAG_INTEGRATIONS,
        errors=(404, 409, 503),
    )
    def get(self, request: Request) -> Response:
        """Says how it was when it was last tested or used. Asks the gateway nothing."""
        found = self.only(None, PROVIDER)
        shown = {
            "status": "paused" if found.paused_at else found.status,
            "last_tested_at": found.tested_at,
            "phone_number": opened(found)["credentials"].get("phone") or "",
            "messages_sent_today": _sent_today(found),
            "rate_limit_remaining": _remaining(found),
        }
        return Response({"success": True, **shown})


class SendView(SendingView):
    """Send."""

    names = _MESSAGE

    @sending("Send a WhatsApp message", WhatsAppMessage)
    def post(self, request: Request) -> Response:
        """Stores the message and lets a worker send it. Messages to one person keep their order."""
        sent = read_body(request, WhatsAppMessage)
        return self.send(request, self.only(None, PROVIDER), {"to": sent["phone"], "text": sent["message"]})


class TestView(TryingView):
    """Test."""

    names = _CREDENTIALS

    @described("Test WhatsApp", success_answer(), tag=TAG_INTEGRATIONS, errors=(404, 409, 502, 503))
    def post(self, request: Request) -> Response:
        """Asks the gateway whether the number is linked and ready."""
        return answer(**self.tested(self.only(None, PROVIDER)))


def _sent_today(integration: Integration) -> int:
    today: Any = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    with client_rows(integration.client_id):
        return integration.sends.filter(created_at__gte=today, state__in=_SENT).count()


def _remaining(integration: Integration) -> int:
    """How many calls the tightest budget still grants."""
    with acting_for(integration.client_id):
        states = plug().limits(integration.pk.hex, str(integration.client_id))
    return 0 if states.circuit.blocked else min(budget.remaining for budget in states.budgets)
