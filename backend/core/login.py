"""The admin's place and its door: people sign in at the same page as everybody, and staff with a second factor."""

import re
from collections.abc import Sequence
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import add_query_params
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, URLPattern, URLResolver, path, reverse
from django.views.decorators.cache import never_cache

from apps.clients.second_factor import ask_for_second_factor, lacks_second_factor

Pattern = URLPattern | URLResolver
# The middleware never sees what begins with one of these, or many pages do.
_TAKEN = ("api/", "health", "metrics", "static/", "account/", "settings/", "clients/", "invitations/", "language/")
_PATH = re.compile(r"[\w.~-]+(/[\w.~-]+)*", re.ASCII)


def admin_at(place: str, others: Sequence[Pattern] = ()) -> list[Pattern]:
    """The admin's URLs under the path `place`, which is none of the `others`; none if it is empty.

    Raises ImproperlyConfigured.
    """
    admin.site.login = login  # type: ignore[method-assign]
    admin.site.has_permission = may_enter  # type: ignore[method-assign]
    if not place:
        return []
    address = f"{place}/"
    if not _PATH.fullmatch(place) or address.startswith(_TAKEN) or any(_serves(other, address) for other in others):
        raise ImproperlyConfigured("ADMIN_PATH must be a path such as desk/7f3a, and not that of another page.")
    return [path(address, admin.site.urls)]


def _serves(pattern: Pattern, address: str) -> bool:
    try:
        return pattern.resolve(address) is not None
    except Resolver404:
        return False


def may_enter(request: HttpRequest) -> bool:
    """Whether the admin opens: for active staff, with a second factor if the settings ask for one."""
    user = request.user
    return bool(user.is_active and user.is_staff) and not lacks_second_factor(request)


@never_cache
def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Where the admin sends whom it does not let in: to the login, or to set up a second factor."""
    place = get_next_redirect_url(request) or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect(add_query_params(reverse(settings.LOGIN_URL), {"next": place}))
    if not request.user.is_staff:
        raise PermissionDenied("only staff may open the admin")
    if lacks_second_factor(request):
        return ask_for_second_factor(request)
    return redirect(place)
