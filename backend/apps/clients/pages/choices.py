"""What a person chooses from any page: the client to look at, and the language."""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.clients.current import choose
from apps.clients.models import Membership
from apps.clients.preferences import known_language, profile_of
from lib.row_security import for_system


@require_POST
@login_required(redirect_field_name=None)
def switch(request: HttpRequest) -> HttpResponse:
    """Look at another client of the person's. Any other client is 404."""
    own = Membership.objects.of_person(cast(int, request.user.pk))
    with for_system("clients of a person"):
        choose(request, get_object_or_404(own, client_id=_uuid(request.POST.get("client", ""))))
    return redirect(_next(request))


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language for this browser, and for the person who is signed in."""
    code = request.POST.get("language", "")
    if not known_language(code):
        raise Http404
    answer = redirect(_next(request))
    remember(answer, settings.LANGUAGE_COOKIE_NAME, code)
    if request.user.is_authenticated:
        profile = profile_of(request.user)
        profile.language = code
        profile.save()
    return answer


def remember(answer: HttpResponse, name: str, value: str) -> None:
    """Keep a choice in the browser, for pages before the login."""
    answer.set_cookie(
        name,
        value,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _next(request: HttpRequest) -> str:
    """The page to go back to, on this server."""
    place = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())
    return place if safe else "/"
