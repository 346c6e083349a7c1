"""/api/connections/: the client's connections to banks, and what can be done with them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Id, Moment, Number, Text, Words
from apps.api.inputs import PageQuery
from apps.api.schema import TAG_CONNECTIONS, described, page_of
from apps.api.views import ListView
from apps.banking.models import Connection
from lib.keyset import Keyset


class BankSerializer(serializers.Serializer[Any]):
    """The institution of a connection."""

    id = Text("The vendor's id of the institution (connector).", source="vendor_id")
    name = Text("Its name.")
    image_url = Text("The address of its logo.")
    primary_color = Text("Its colour, six hexadecimal digits.")
    health_status = Text("`ONLINE`, `UNSTABLE` or `OFFLINE`, as the aggregator sees the institution.")


class ConnectionSerializer(serializers.Serializer[Any]):
    """A connection to a bank. Its data is as old as `last_updated_at`."""

    id = Number("The connection's id.")
    state = Text("`connecting`, `active`, `needs_user`, `outdated` or `deleted`.")
    bank = BankSerializer(source="connector", allow_null=True, read_only=True, help_text="null until it is known.")
    member_id = Id("The membership that connected it; null if the person has left.", null=True)
    aggregator = Text("Which aggregator reads the bank, such as `pluggy`.")
    item_id = Text("The aggregator's id of the connection.", source="vendor_id")
    status = Text("The aggregator's status of the item, such as `UPDATED` or `LOGIN_ERROR`.")
    execution_status = Text("How its last run ended, such as `SUCCESS` or `PARTIAL_SUCCESS`.")
    action = Text("What the person must do, such as `reconnect`; empty if nothing.")
    error_type = Text("Which kind of error the last run met; empty if none.")
    error_code = Text("The aggregator's code of that error.")
    products = Words("Which products the connection reads, such as `ACCOUNTS`.")
    last_updated_at = Moment("When the aggregator last read the bank: the age of the data.", null=True)
    last_synced_at = Moment("When Ponte last read the aggregator.", null=True)
    next_auto_sync_at = Moment("When the aggregator plans to read the bank again.", null=True)
    consent_expires_at = Moment("When the person's consent at the bank ends.", null=True)
    created_at = Moment("When it was connected.")


class ConnectionQuery(PageQuery):
    """Which connections."""

    state = serializers.ChoiceField(Connection.State.choices, required=False, help_text="Only in this state.")


class ConnectionsView(ListView):
    """The list."""

    name, shape, order, query = "connections", ConnectionSerializer, Keyset(("-id",)), ConnectionQuery

    def find(self, query: dict[str, Any]) -> QuerySet[Connection]:
        """The client's connections; those that were deleted only if they are asked for."""
        rows = self.rows(Connection.objects.select_related("connector"))
        if state := query.get("state"):
            return rows.filter(state=state)
        return rows.filter(deleted_at=None)

    @described("Connections", page_of("connections", ConnectionSerializer), tag=TAG_CONNECTIONS, query=ConnectionQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first. Deleted ones are left out unless `state=deleted` asks for them."""
        return super().get(request)
