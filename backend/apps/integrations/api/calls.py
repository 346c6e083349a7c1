"""/api/integrations/calls/: every call to a service, with its outcome and without its content."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Moment, Number, StrictUUID, Text
from apps.api.inputs import PageQuery
from apps.api.schema import TAG_INTEGRATIONS, described, page_of
from apps.integrations.api.base import OwnList
from apps.integrations.models import ActionLog
from lib.keyset import Keyset

OUTCOMES = ("ok", "retry", "failed", "unknown")


class CallSerializer(serializers.Serializer[Any]):
    """One attempt of one call."""

    id = Number("The row's id.")
    call_id = Text("The call's id, which vendors get. Of a send it is the send's id without hyphens.")
    attempt = Number("Which attempt of the call.")
    integration_id = serializers.SerializerMethodField(help_text="The integration, which may be gone.")
    provider = Text("Who was called.")
    action = Text("What was asked, such as `messages.send`.")
    started_at = Moment("When.")
    milliseconds = Number("How long it took.")
    outcome = Text("`ok`, `retry` (nothing was done), `failed` or `unknown`.")
    error = Text("Which kind of error; empty if none.")
    code = Text("Its code.")
    source = Text("Who asked: `call`, `test`, `tool`, `workflow` or `batch`.")  # type: ignore[assignment]

    def get_integration_id(self, row: ActionLog) -> str:
        """As everywhere else."""
        return str(UUID(row.connection_id))


class CallsQuery(PageQuery):
    """Which calls."""

    integration = StrictUUID(required=False, help_text="Only to this integration.")
    outcome = serializers.ChoiceField(OUTCOMES, required=False, help_text="Only with this outcome.")


class CallsView(OwnList):
    """The list."""

    name, shape, order = "calls", CallSerializer, Keyset(("-started_at", "-id"))
    query = CallsQuery

    def find(self, query: dict[str, Any]) -> QuerySet[ActionLog]:
        """The client's, as the filters ask for them."""
        rows = ActionLog.objects.of(self.membership.client)
        if number := query.get("integration"):
            rows = rows.filter(connection_id=number.hex)
        return rows.filter(outcome=query["outcome"]) if "outcome" in query else rows

    @described("Calls to services", page_of("calls", CallSerializer), tag=TAG_INTEGRATIONS, query=CallsQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first. Kept for 90 days unless the operator says otherwise."""
        return super().get(request)
