"""The answer to a path under /api/ that no view serves."""

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from lib.error_shape import error_body


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """404 in the form of every error. It says so if only the slash at the end is missing."""
    message = _("The API has no such path. /api/docs/ lists all of them.")
    if _is_served(f"{request.path_info}/"):
        message = _("The path must end with a slash.")
    return HttpResponse(error_body(message, "NOT_FOUND"), status=404, content_type="application/json")


def _is_served(path: str) -> bool:
    try:
        return resolve(path).func is not not_found
    except Resolver404:
        return False
