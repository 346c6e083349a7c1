"""POST /api/auth/token/, /refresh/ and /revoke/: JSON web tokens for a name and a password."""

from dataclasses import asdict
from typing import Any

from allauth.account.utils import has_verified_email
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import jwt, trail
from apps.api.errors import Refused
from apps.api.fields import Number, StrictText, StrictUUID, Text
from apps.api.inputs import Input, read_body
from apps.api.schema import TAG_ACCOUNT, described, done, one_of
from apps.api.second_factor import check_second_factor
from apps.api.views import OpenView, answer
from lib.login_limit import count_guess


class PairSerializer(serializers.Serializer[Any]):
    """Two tokens. The access token is for calls; the refresh token gets the next pair, once."""

    access = Text("Send it as `Authorization: Bearer …`. It is valid for 30 minutes.")
    refresh = Text("Send it to /api/auth/refresh/ to get a new pair. It is valid for 7 days, and once.")
    expires_in = Number("Seconds until `access` ends.")


class Login(Input):
    """A name and a password, and the code of the second factor where the account has one."""

    username = StrictText(max_length=254, help_text="The name or the e-mail address of the account.")
    password = StrictText(max_length=1024, help_text="Its password.")
    code = StrictText(
        max_length=32, required=False, help_text="The code of the second factor, or one of the recovery codes."
    )
    client = StrictUUID(required=False, help_text="For which client; without it, the one that the person joined first.")


class Refresh(Input):
    """A refresh token."""

    refresh = StrictText(max_length=4000, help_text="The refresh token of the last pair.")


class TokenView(OpenView):
    """The first pair."""

    @described("Log in", one_of("tokens", PairSerializer), tag=TAG_ACCOUNT, body=Login, errors=(401, 403))
    def post(self, request: Request) -> Response:
        """Returns two JSON web tokens. Ten wrong attempts in ten minutes close the account for this call."""
        sent = read_body(request, Login)
        count_guess(sent["username"], request.META)
        user = authenticate(request._request, username=sent["username"], password=sent["password"])
        if user is None:
            raise Refused(401, "INVALID_CREDENTIALS", _("The name, the password or the code is wrong."))
        check_second_factor(user, sent.get("code", ""))
        if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory" and not has_verified_email(user):
            raise Refused(403, "EMAIL_NOT_PROVED", _("Prove your e-mail address first: sign in on the pages."))
        with transaction.atomic():
            pair = jwt.make_pair(user, sent.get("client"))
            trail.logged_in(user)
        return answer(tokens=asdict(pair))


class RefreshView(OpenView):
    """The next pair."""

    @described("Get a new pair", one_of("tokens", PairSerializer), tag=TAG_ACCOUNT, body=Refresh, errors=(401, 403))
    def post(self, request: Request) -> Response:
        """Exchanges a refresh token, which is then void."""
        return answer(tokens=asdict(jwt.exchange(read_body(request, Refresh)["refresh"])))


class RevokeView(OpenView):
    """The end of a pair."""

    @described("Log out", done(), tag=TAG_ACCOUNT, body=Refresh, errors=(401,))
    def post(self, request: Request) -> Response:
        """Makes a refresh token void. Its access token ends within 30 minutes."""
        jwt.revoke(read_body(request, Refresh)["refresh"])
        return answer()
