"""The page at /: the overview of a person's banks. Staff without a client go to the admin."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.banking.pages.overview import Overview

_overview = Overview.as_view()


def home(request: HttpRequest) -> HttpResponseBase:
    """The overview. It sends strangers to sign in."""
    if settings.ADMIN_PATH and getattr(request.user, "is_staff", False) and _has_no_client(request):
        return redirect("admin:index")
    return _overview(request)


def _has_no_client(request: HttpRequest) -> bool:
    return getattr(request, "membership", None) is None
