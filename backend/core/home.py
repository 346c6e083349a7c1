"""The page at /: the admin, unless it is served elsewhere or not at all."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

USUAL_PATH = "admin"


def home(_request: HttpRequest) -> HttpResponse:
    if settings.ADMIN_PATH == USUAL_PATH:
        return redirect("admin:index")
    # A path that the operator chose is not shown to strangers.
    return HttpResponse("Ponte is running. It has no page here.\n", content_type="text/plain; charset=utf-8")
