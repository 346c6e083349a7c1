"""/api/integrations/: the client's integrations at every provider, and what can be done with one."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import StrictBoolean, StrictText
from apps.api.inputs import Input, PageQuery, read_body
from apps.api.schema import TAG_INTEGRATIONS, described, done, one_of, page_of
from apps.api.views import answer
from apps.integrations.api.base import IntegrationView, OwnList
from apps.integrations.api.configuring import ConfiguringView, warnings_of
from apps.integrations.api.errors import refused
from apps.integrations.api.inputs import name_field
from apps.integrations.api.sending import SendingView, sending
from apps.integrations.api.shapes import (
    IntegrationSerializer,
    OpenedSerializer,
    WebhookSerializer,
    connected_answer,
    opened,
    webhook_of,
)
from apps.integrations.api.trying import TryingView, success_answer
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.connect import verbs
from apps.integrations.connect.stored import changed
from apps.integrations.connect.webhook import tell_vendor
from apps.integrations.models import Integration
from apps.integrations.plug import is_offered
from lib.keyset import Keyset

# An action beside the provider's usual one that also sends a message.
ALSO_SENDS = "messages.send_media"
_CANNOT_SEND = (409, "CANNOT_SEND", gettext_lazy("No messages are sent through this kind of integration."))
_NO_ADDRESS = (409, "NO_WEBHOOK_ADDRESS", gettext_lazy("This kind of integration has no address of its own."))
_AT_THE_VENDOR = (409, "CONNECTED_ELSEWHERE", gettext_lazy("This service is connected at its own site: use the pages."))


class NewIntegration(Input):
    """Credentials for any provider that takes typed ones."""

    provider = serializers.ChoiceField(sorted(BY_PROVIDER), help_text="Which provider.")
    credentials = serializers.DictField(help_text="Its fields, as its form on the pages has them.")
    name = name_field()


class IntegrationChange(Input):
    """What changes. A field that is not sent stays as it is."""

    name = name_field()
    keeps_content = StrictBoolean(required=False, help_text="Whether the contents of messages are kept from now on.")
    credentials = serializers.DictField(
        required=False,
        help_text="Those that change; null empties one. Secrets that are not sent stay, unless the server or the user "
        "changes. They are stored only if the service accepts them.",
    )


class ProviderMessage(Input):
    """A message in the provider's own words."""

    params = serializers.DictField(help_text="The parameters of the provider's action.")
    action = StrictText(
        required=False, max_length=100, help_text="`messages.send_media` for a file by WhatsApp; else the usual one."
    )


class IntegrationsView(OwnList, ConfiguringView):
    """The list."""

    http_method_names = ["get", "head", "post"]
    name, shape, order = "integrations", IntegrationSerializer, Keyset(("created_at", "id"))
    query = PageQuery

    def find(self, query: dict[str, Any]) -> QuerySet[Integration]:
        """All of them."""
        return Integration.objects.defer("sealed").of(self.membership.client)

    @described(
        "Integrations",
        page_of("integrations", IntegrationSerializer),
        tag=TAG_INTEGRATIONS,
        query=PageQuery,
    )
    def get(self, request: Request, **path: Any) -> Response:
        """The oldest first."""
        return super().get(request)

    @described(
        "Connect an integration",
        connected_answer(),
        tag=TAG_INTEGRATIONS,
        body=NewIntegration,
        errors=(404, 409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Tests the credentials and stores them. Where one is enough, a second one replaces what was stored."""
        sent = read_body(request, NewIntegration)
        entry = BY_PROVIDER[sent["provider"]]
        if entry.is_oauth or not is_offered(entry):
            raise refused(_AT_THE_VENDOR)
        return self.configure(entry.provider, sent["credentials"], name=sent.get("name", ""))


class IntegrationDetailView(ConfiguringView):
    """One integration."""

    http_method_names = ["get", "head", "patch", "delete"]

    @described("An integration", one_of("integration", OpenedSerializer), tag=TAG_INTEGRATIONS)
    def get(self, request: Request, integration_id: UUID) -> Response:
        """With what was entered; of secrets the last four characters."""
        return answer(integration=opened(self.integration(integration_id)))

    @described(
        "Change an integration",
        connected_answer(),
        tag=TAG_INTEGRATIONS,
        body=IntegrationChange,
        errors=(409, 502, 503),
    )
    def patch(self, request: Request, integration_id: UUID) -> Response:
        """New credentials are tested first; if the service refuses them, nothing changes."""
        found, sent = self.integration(integration_id), read_body(request, IntegrationChange)
        if "credentials" in sent:
            made = verbs.change(found, changed(found, sent["credentials"]), name=sent.get("name", found.name))
        else:
            verbs.rename(found, sent.get("name", found.name))
            made = verbs.Connected(found, is_new=False)
        if "keeps_content" in sent:
            verbs.keep_content(found, sent["keeps_content"])
        self.changed("change", found, fields=sorted(sent))
        fresh = self.integration(integration_id)
        return answer(integration=opened(fresh), webhook=webhook_of(made.webhook), warnings=warnings_of(fresh))

    @described("Disconnect an integration", done(), tag=TAG_INTEGRATIONS)
    def delete(self, request: Request, integration_id: UUID) -> Response:
        """Revokes its access at the service where that is possible, and deletes its secrets. What was sent stays."""
        found = self.integration(integration_id)
        outcome = verbs.disconnect(found)
        self.changed("disconnect", found, revocation=outcome)
        return answer()


class TestView(TryingView):
    """Test."""

    @described("Test an integration", success_answer(), tag=TAG_INTEGRATIONS, errors=(409, 502, 503))
    def post(self, request: Request, integration_id: UUID) -> Response:
        """Asks the service whether it works, and stores what it said."""
        return answer(**self.tested(self.integration(integration_id)))


class _SwitchView(IntegrationView):
    http_method_names = ["post"]


class PauseView(_SwitchView):
    """Pause."""

    @described("Pause an integration", one_of("integration", IntegrationSerializer), tag=TAG_INTEGRATIONS)
    def post(self, request: Request, integration_id: UUID) -> Response:
        """Nothing is sent through it. What was asked for before waits; what comes in is stored."""
        found = self.integration(integration_id)
        verbs.pause(found)
        self.changed("pause", found)
        return answer(integration=IntegrationSerializer(self.integration(integration_id)).data)


class ResumeView(_SwitchView):
    """Resume."""

    @described("Resume an integration", one_of("integration", IntegrationSerializer), tag=TAG_INTEGRATIONS)
    def post(self, request: Request, integration_id: UUID) -> Response:
        """It sends again, what has waited first."""
        found = self.integration(integration_id)
        verbs.resume(found)
        self.changed("resume", found)
        return answer(integration=IntegrationSerializer(self.integration(integration_id)).data)


class WebhookAddressView(_SwitchView):
    """A new address."""

    @described(
        "Make a webhook address", one_of("webhook", WebhookSerializer), tag=TAG_INTEGRATIONS, errors=(409, 502, 503)
    )
    def post(self, request: Request, integration_id: UUID) -> Response:
        """Replaces the address to which the service posts events; the one before stops working."""
        found = self.integration(integration_id)
        address = webhook_of(tell_vendor(found), asked=True)
        if address is None:
            raise refused(_NO_ADDRESS)
        self.changed("webhook_address", found)
        return answer(webhook=address)


class SendView(SendingView):
    """Send."""

    @sending("Send through an integration", ProviderMessage)
    def post(self, request: Request, integration_id: UUID) -> Response:
        """Stores the message and lets a worker send it, through any provider that sends messages."""
        sent, found = read_body(request, ProviderMessage), self.integration(integration_id)
        if not found.entry.sends:
            raise refused(_CANNOT_SEND)
        action = sent.get("action", found.entry.sends)
        if action not in {found.entry.sends, ALSO_SENDS} & set(found.entry.definition.actions):
            raise serializers.ValidationError({"action": [_("This action sends no message.")]})
        return self.send(request, found, sent["params"], action)
