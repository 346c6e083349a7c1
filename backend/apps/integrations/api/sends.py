"""/api/integrations/sends/: what was sent, and what became of it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.errors import Refused
from apps.api.fields import Id, Moment, Number, StrictUUID, Text
from apps.api.inputs import PageQuery
from apps.api.schema import TAG_INTEGRATIONS, described, one_of, page_of
from apps.api.views import answer
from apps.integrations.api.base import IntegrationView, OwnList
from apps.integrations.catalogue import CHANNELS
from apps.integrations.conversations.masking import masked
from apps.integrations.models import Send
from apps.integrations.sending.request import repeat
from lib.keyset import Keyset
from lib.row_security import client_rows


class SendSerializer(serializers.Serializer[Any]):
    """One message. Its content is never shown here."""

    id = Id("The send's id, which is the `message_id` of the answer to sending.")
    integration_id = Id("Through which integration; null if it is gone.", null=True)
    provider = Text("Who is at the other side, such as `email_smtp`.")
    channel = Text("`whatsapp`, `email` or `slack`.")
    state = Text("`queued`, `sending`, `sent`, `delivered`, `read`, `failed` or `unknown`.")
    source = Text("Who asked: `api`, `page`, `agent`, `rule` or `test`.")  # type: ignore[assignment]
    recipient = serializers.SerializerMethodField(help_text="The first recipient, masked.")
    vendor_id = Text("The vendor's id of the message; empty until it is sent.")
    attempts = Number("How often it was tried.")
    error_code = Text("Why the last try failed; empty if it did not.")
    created_at = Moment("When it was asked for.")
    sent_at = Moment("When the vendor accepted it.", null=True)
    delivered_at = Moment("When it arrived, if the vendor says so.", null=True)
    read_at = Moment("When it was read, if the vendor says so.", null=True)
    failed_at = Moment("When it failed.", null=True)

    def get_recipient(self, row: Send) -> str:
        """Enough to recognise it."""
        return masked(row.recipient)


class SendsQuery(PageQuery):
    """Which sends."""

    state = serializers.ChoiceField(Send.State.choices, required=False, help_text="Only in this state.")
    channel = serializers.ChoiceField(CHANNELS, required=False, help_text="Only over this channel.")
    integration = StrictUUID(required=False, help_text="Only through this integration.")


class SendsView(OwnList):
    """The list."""

    name, shape, order = "sends", SendSerializer, Keyset(("-created_at", "-id"))
    query = SendsQuery

    def find(self, query: dict[str, Any]) -> QuerySet[Send]:
        """The client's, as the filters ask for them."""
        names = ("state", "channel", "integration")
        wanted = {name: query[name] for name in names if name in query}
        return Send.objects.defer("params_sealed").of(self.membership.client).filter(**wanted)

    @described("Sends", page_of("sends", SendSerializer), tag=TAG_INTEGRATIONS, query=SendsQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)


class SendView(IntegrationView):
    """One send."""

    def find(self, number: UUID) -> Send:
        """The client's send with this id. Raises Refused."""
        with client_rows(self.client_id):
            send = Send.objects.of(self.membership.client).filter(pk=number).first()
        if send is None:
            raise Refused(404, "NOT_FOUND", "The client has no such send.")
        return send

    @described("A send", one_of("send", SendSerializer), tag=TAG_INTEGRATIONS)
    def get(self, request: Request, send_id: UUID) -> Response:
        """How far it got."""
        return answer(send=SendSerializer(self.find(send_id)).data)


class RepeatView(SendView):
    """Send again."""

    http_method_names = ["post"]

    @described("Repeat a send", one_of("send", SendSerializer), tag=TAG_INTEGRATIONS, status=202, errors=(409,))
    def post(self, request: Request, send_id: UUID) -> Response:
        """Sends a failed or unknown one again. If it is unknown, the recipient may get it twice: look first."""
        send = self.find(send_id)
        repeat(send)
        trail.changed(self.access, "send.repeat", send)
        return answer(202, send=SendSerializer(self.find(send_id)).data)
