"""/api/events/: what arrived and what became of it, for staff; and the second attempt for what failed."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.fields import Id, Moment, Number, StrictText, Text
from apps.api.inputs import Input, PageQuery, read_body
from apps.api.schema import TAG_STAFF, described, one_of, page_of
from apps.api.staff import StaffView
from apps.api.views import ListView, answer, one
from apps.events.models import Event
from apps.events.replay import replay
from apps.events.selection import in_mailbox
from lib.errors import Permanent
from lib.keyset import Keyset


class EventSerializer(serializers.Serializer[Any]):
    """An event, without its payload."""

    id = Number("The row's id.")
    source = Text("Who sent it: an aggregator, or `ponte`.")  # type: ignore[assignment]
    event_id = Text("The sender's id of the event.")
    kind = Text("Such as `item/updated`.")
    mailbox = Text("What the event is about. One worker at a time works on a mailbox.")
    client = Id("The client, if it is known.", null=True, source="client_id")
    state = Text("`pending`, `done` or `dead`.")
    outcome = Text("What became of it.")
    attempts = Number("How often a worker tried.")
    available_at = Moment("When a worker tries next, of a pending one.")
    error_type = Text("Which kind of error the last attempt met.")
    error_code = Text("The code of that error.")
    caused_by = Number("The id of the event that caused it.", null=True)
    received_at = Moment("When it arrived.")
    finished_at = Moment("When it ended.", null=True)


class EventQuery(PageQuery):
    """Which events."""

    state = serializers.ChoiceField(Event.State.choices, required=False, help_text="Only in this state.")
    kind = serializers.CharField(max_length=100, required=False, help_text="Only of this kind.")
    mailbox = serializers.CharField(max_length=200, required=False, help_text="Only of this mailbox.")


class ReplayOrder(Input):
    """Why an event gets another attempt."""

    reason = StrictText(max_length=200, help_text="Why. The audit keeps it.")


LOOK, REPLAY = "events.view_event", "events.replay_event"


class EventsView(StaffView, ListView):
    """The list."""

    permission = LOOK
    name, shape, order, query = "events", EventSerializer, Keyset(("-id",)), EventQuery

    def find(self, query: dict[str, Any]) -> QuerySet[Event]:
        """The events that the query asks for, of all clients."""
        rows = Event.objects.defer("payload")
        rows = rows.filter(**{name: query[name] for name in ("state", "kind") if name in query})
        return in_mailbox(rows, query["mailbox"]) if "mailbox" in query else rows

    @described("Events", page_of("events", EventSerializer), tag=TAG_STAFF, query=EventQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first. Needs the scope `staff`. Payloads are not shown."""
        return super().get(request)


class EventView(StaffView):
    """One event."""

    permission = LOOK

    @described("An event", one_of("event", EventSerializer), tag=TAG_STAFF)
    def get(self, request: Request, event_id: int) -> Response:
        """An event."""
        return answer(event=EventSerializer(one(Event.objects.defer("payload"), event_id)).data)


class ReplayView(StaffView):
    """Another attempt."""

    permission = REPLAY

    @described(
        "Replay an event", one_of("event", EventSerializer), tag=TAG_STAFF, body=ReplayOrder, status=202, errors=(409,)
    )
    def post(self, request: Request, event_id: int) -> Response:
        """A done or dead event becomes pending again. One that is pending is 409."""
        event = one(Event.objects.defer("payload"), event_id)
        reason = read_body(request, ReplayOrder)["reason"]
        with transaction.atomic():
            if not replay([event], actor=request.user.get_username(), reason=reason):
                raise Permanent("the event is pending already", code="PENDING")
            trail.changed(self.access, "event.replay", event, reason=reason)
        event.refresh_from_db()
        return answer(202, event=EventSerializer(event).data)
