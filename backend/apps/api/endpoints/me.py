"""GET /api/me/ and /api/clients/: who calls, and for which client."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Id, Moment, Number, Text, YesNo
from apps.api.schema import TAG_ACCOUNT, described, list_of, one_of
from apps.api.views import ApiView, answer
from apps.clients.models import Membership
from lib.row_security import for_system


class ClientSerializer(serializers.Serializer[Any]):
    """A client of which the caller is a member."""

    id = Id("The client's id.", source="client_id")
    name = Text("Its name.", source="client.name")
    role = Text("`owner`, `member` or `viewer`. A viewer may only read.")
    member_id = Id("The id of the membership; aggregators know it as `clientUserId`.", source="pk")
    joined_at = Moment("When the caller became a member.", source="created_at")


class PersonSerializer(serializers.Serializer[Any]):
    """The caller."""

    id = Number("The person's id.", source="user.pk")
    username = Text("The person's name of login.", source="user.username")
    is_staff = YesNo("Whether the person runs this server.", source="user.is_staff")
    via = Text("How the call proved who it is: `session`, `jwt` or `token`.")
    scopes = serializers.SerializerMethodField(help_text="What the call may do.")
    client = ClientSerializer(source="membership", allow_null=True, help_text="The client that the call is about.")

    def get_scopes(self, access: Any) -> list[str]:
        """In a fixed order."""
        return sorted(access.scopes)


class MeView(ApiView):
    """The caller."""

    needs_client = False

    @described("Who am I?", one_of("me", PersonSerializer), tag=TAG_ACCOUNT)
    def get(self, request: Request) -> Response:
        """The person, the client and the scopes of this call."""
        return answer(me=PersonSerializer(self.access).data)


class ClientsView(ApiView):
    """The caller's clients."""

    needs_client = False

    @described("My clients", list_of("clients", ClientSerializer), tag=TAG_ACCOUNT)
    def get(self, request: Request) -> Response:
        """All of them, the one joined first at the top. A person has few, so there are no pages."""
        members = Membership.objects.of_person(self.access.user.pk).select_related("client")
        with for_system("clients of a person"):
            return answer(clients=ClientSerializer(members, many=True).data)
