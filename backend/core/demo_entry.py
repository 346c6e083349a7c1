"""The address that signs somebody into a demo: it works once, for a short time, and only while DEBUG is on.

DEBUG is refused where others reach Ponte (core/settings.py), so in production the address does not exist.
"""

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

SALT = "core.demo_entry"
SECONDS = 3600


class Refused(Exception):
    """The token proves nothing, is too old, or has been used."""


def address_for(user: Any) -> str:
    """A path that signs this user in once. The next sign-in, by whatever way, makes it void."""
    return reverse("enter", args=[signing.dumps([user.pk, _last_login(user)], salt=SALT, compress=True)])


@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the token for a session."""
    try:
        user = use(token)
    except Refused:
        return render(request, "errors/entry.html", status=403)
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    UserSession.objects.create_from_request(request)
    return redirect("/")


def use(token: str) -> Any:
    """The user of a token, which is then void. Of two requests at once only one gets the user. Raises Refused."""
    try:
        pk, last_login = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        raise Refused from None
    user = get_user_model().objects.filter(pk=pk, is_active=True).first()
    if user is None or _last_login(user) != last_login:
        raise Refused
    same = get_user_model().objects.filter(pk=pk, last_login=user.last_login)
    if not same.update(last_login=timezone.now()):
        raise Refused
    return user


def _last_login(user: Any) -> str:
    return user.last_login.isoformat() if user.last_login else ""
