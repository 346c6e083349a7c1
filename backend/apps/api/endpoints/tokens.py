"""/api/tokens/: the caller's personal access tokens."""

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.errors import Refused
from apps.api.fields import Moment, Number, StrictInteger, StrictText, Text, Words
from apps.api.inputs import Input, PageQuery, read_body
from apps.api.models import AccessToken, AccessTokenQuerySet
from apps.api.schema import TAG_ACCOUNT, described, done, one_of, page_of
from apps.api.scopes import Scope
from apps.api.tokens import make_token, revoke_token
from apps.api.views import ApiView, ListView, answer
from apps.audit.record import Via
from lib.keyset import Keyset
from lib.row_security import for_system

LONGEST_DAYS = 3650


class TokenSerializer(serializers.Serializer[Any]):
    """A personal access token, without its text."""

    id = Number("The token's id.")
    name = Text("What the person called it.")
    prefix = Text("How its text begins.")
    scopes = Words("What it may do.")
    client = serializers.UUIDField(source="member.client_id", read_only=True, help_text="The client that it is for.")
    state = Text("`valid`, `expired` or `revoked`.")
    created_at = Moment("When it was made.")
    expires_at = Moment("When it ends; null: never.", null=True)
    last_used_at = Moment("Its last use, exact to a minute; null: never used.", null=True)


class MadeSerializer(TokenSerializer):
    """A token that was just made, with its text."""

    text = Text("The token. It is shown only now.")


class NewToken(Input):
    """What a new token is called, and may do."""

    name = StrictText(form=r"^[^\s\x00][^\x00]*$", max_length=80, help_text="What it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope), help_text="What it may do."
    )
    days = StrictInteger(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        allow_null=True,
        help_text="Days it lasts, 365 if it is not sent; null: no end.",
    )


class TokensView(ListView):
    """The caller's tokens."""

    name, shape, order = "tokens", TokenSerializer, Keyset(("-id",))

    def find(self, query: dict[str, Any]) -> AccessTokenQuerySet:
        """All of the person's tokens, of whichever client."""
        rows: AccessTokenQuerySet = AccessToken.objects.of_person(self.access.user.pk).select_related("member")
        return rows

    @described("My tokens", page_of("tokens", TokenSerializer), tag=TAG_ACCOUNT, query=PageQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first, with those that ended."""
        with for_system("tokens of a person"):
            return super().get(request)

    @described(
        "Make a token",
        one_of("token", MadeSerializer),
        tag=TAG_ACCOUNT,
        body=NewToken,
        status=201,
        errors=(409,),
    )
    def post(self, request: Request) -> Response:
        """Makes a token for the client of this call. A personal access token may not make another."""
        sent = read_body(request, NewToken)
        access = self.access
        if access.via == Via.TOKEN:
            # Otherwise a stolen token could make itself a successor that outlives it.
            raise Refused(403, "NOT_BY_TOKEN", _("A token cannot make tokens. Sign in, or use a JSON web token."))
        with transaction.atomic():
            token, text = make_token(
                self.membership, sent["name"], sent["scopes"], days=sent.get("days", 365), via=Via(access.via)
            )
        return answer(201, token={**TokenSerializer(token).data, "text": text})


class TokenView(ApiView):
    """One of the caller's tokens."""

    @described("Revoke a token", done(), tag=TAG_ACCOUNT)
    def delete(self, request: Request, token_id: int) -> Response:
        """Ends it at once. A second time changes nothing."""
        access = self.access
        by = access.token.pk if access.token else None
        with transaction.atomic():
            if not revoke_token(access.user.pk, token_id, via=Via(access.via), by=by):
                raise Http404
        return answer()
