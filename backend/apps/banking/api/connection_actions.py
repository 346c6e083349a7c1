"""What a program can do with connections: connect, sync now, repair, disconnect. The verbs are those of the pages."""

from math import ceil
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.errors import Refused
from apps.api.fields import Moment, StrictText, Text
from apps.api.inputs import Input, read_body, read_query
from apps.api.schema import TAG_CONNECTIONS, described, done, one_of
from apps.api.scopes import Scope
from apps.api.views import ApiView, answer, one
from apps.banking.api.connections import ConnectionSerializer, ConnectionsView
from apps.banking.connect.applications import preferred
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.finish import finish
from apps.banking.connect.refresh import ASKED, Outcome, Refreshed, refresh
from apps.banking.connect.token import ConnectToken, make_connect_token
from apps.banking.models import Connection
from lib.errors import Throttled


class ConnectTokenSerializer(serializers.Serializer[Any]):
    """The secret with which the aggregator's widget connects a bank, in the person's browser."""

    value = Text("Hand it to the widget, and store it nowhere. It is valid for about 30 minutes.")
    item_id = Text("The item to repair (`updateItem` of the widget); empty for a new connection.")


class NewConnection(Input):
    """What the widget said when it was done."""

    item_id = StrictText(form=r"^[^\s\x00]{1,100}$", max_length=100, help_text="The item's id, of `onSuccess`.")


class RefreshSerializer(serializers.Serializer[Any]):
    """What a request to sync now led to."""

    outcome = Text(
        "`started`, `running` if it already was, `read_again` if the aggregator decides when to ask the bank."
    )
    next_at = Moment("When it may be asked again.", null=True)


class DeleteQuery(Input):
    """How to disconnect."""

    erase = serializers.ChoiceField(
        ["true", "false"], default="false", required=False, help_text="`true` erases the rows here for good as well."
    )


class ConnectTokenView(ApiView):
    """A connect token for a new connection."""

    @described(
        "Make a connect token",
        one_of("connect_token", ConnectTokenSerializer),
        tag=TAG_CONNECTIONS,
        status=201,
        errors=(409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """For Pluggy's Connect widget. Then send the item's id to `POST /api/connections/`."""
        token = make_connect_token(self.membership, application=preferred(self.membership.client))
        trail.changed(self.access, "connection.connect_token")
        return answer(201, connect_token=_shown(token))


class FinishView(ConnectionsView):
    """The list of connections, to which a program adds what the widget connected."""

    @described(
        "Add what the widget connected",
        one_of("connection", ConnectionSerializer),
        tag=TAG_CONNECTIONS,
        body=NewConnection,
        status=201,
        errors=(409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Asks the aggregator whose item it is, and begins to read it. A second time changes nothing."""
        item = read_body(request, NewConnection)["item_id"]
        found = finish(self.membership, item, preferred(self.membership.client))
        trail.changed(self.access, "connection.connect", found)
        return answer(201, connection=ConnectionSerializer(found).data)


class ConnectionView(ApiView):
    """One connection."""

    def find(self, number: int) -> Connection:
        """The connection with this id. Raises Http404."""
        return one(self.rows(Connection.objects.select_related("connector")), number)

    @described("A connection", one_of("connection", ConnectionSerializer), tag=TAG_CONNECTIONS)
    def get(self, request: Request, connection_id: int) -> Response:
        """A connection, whatever its state."""
        return answer(connection=ConnectionSerializer(self.find(connection_id)).data)

    @described("Disconnect", done(), tag=TAG_CONNECTIONS, query=DeleteQuery, status=202)
    def delete(self, request: Request, connection_id: int) -> Response:
        """Asks to delete the item at the aggregator, which ends the consent. A worker does it within a minute."""
        erase = read_query(request, DeleteQuery)["erase"] == "true"
        found = self.find(connection_id)
        with transaction.atomic():
            disconnect(found, erase=erase)
            trail.changed(self.access, "connection.disconnect", found, erase=erase)
        return answer(202)


class SyncView(ConnectionView):
    """Sync now."""

    http_method_names = ["post"]

    writes = Scope.SYNC

    @described(
        "Sync a connection now",
        one_of("sync", RefreshSerializer),
        tag=TAG_CONNECTIONS,
        status=202,
        errors=(409, 429, 502, 503),
    )
    def post(self, request: Request, connection_id: int) -> Response:
        """Asks the bank for new data, as often as the aggregator allows: at most once a minute."""
        found = self.find(connection_id)
        outcome = refresh(found)
        _refuse(outcome)
        trail.changed(self.access, "connection.sync", found, outcome=str(outcome.outcome))
        return answer(202, sync=RefreshSerializer({"outcome": outcome.outcome, "next_at": outcome.next_at}).data)


class ReconnectView(ConnectionView):
    """Repair."""

    http_method_names = ["post"]

    @described(
        "Repair a connection",
        one_of("connect_token", ConnectTokenSerializer),
        tag=TAG_CONNECTIONS,
        status=201,
        errors=(409, 502, 503),
    )
    def post(self, request: Request, connection_id: int) -> Response:
        """A connect token with which the widget lets the person repair this connection."""
        found = self.find(connection_id)
        token = make_connect_token(self.membership, connection=found)
        trail.changed(self.access, "connection.connect_token", found)
        return answer(201, connect_token=_shown(token))


def _shown(token: ConnectToken) -> dict[str, Any]:
    shown: dict[str, Any] = ConnectTokenSerializer({"value": token.value, "item_id": token.item_id}).data
    return shown


def _refuse(refreshed: Refreshed) -> None:
    """Raise Throttled or Refused unless the request led to a sync."""
    if refreshed.outcome in ASKED:
        return
    if refreshed.outcome is Outcome.TOO_SOON:
        wait = (refreshed.next_at - timezone.now()).total_seconds() if refreshed.next_at else 60
        raise Throttled("the connection was synced a moment ago", retry_after=max(1, ceil(wait)))
    message = _MESSAGES.get(refreshed.outcome, "the aggregator does not allow it")
    code = str(refreshed.outcome).upper()
    raise Refused(409, code, message, action=str(refreshed.action), reason=refreshed.code)


# For developers: `error_code` and `action` say what to tell a person.
_MESSAGES = {
    Outcome.NEEDS_USER: "the person must act first",
    Outcome.BANK_DOWN: "the bank cannot be reached now",
    Outcome.GONE: "the aggregator no longer has this connection",
}
