"""The pages that say that something failed. Each shows the id under which the log has it, and nothing of the cause."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lib.error_shape import error_body
from lib.pages.reference import current

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, or another site."""
    return _page(request, 403, "errors/csrf.html")


def failed(request: HttpRequest) -> HttpResponse:
    """An error of ours. Django has logged it with its traceback."""
    return _page(request, 500)


def _page(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    match = request.resolver_match
    # Never the path, which may hold a token.
    logger.info("error page", extra={"status": status, "route": match.route if match else ""})
    if request.path.startswith("/api/"):
        return _for_programs(status)
    return render(request, template or f"errors/{status}.html", {"status": status}, status=status)


def _for_programs(status: int) -> HttpResponse:
    """The form of every error of the API, of what fails before or outside its views, such as a wrong Host."""
    error, code = _ERRORS.get(status, _ERRORS[500])
    content = error_body(error, code, {"reference": current()})
    return HttpResponse(content, status=status, content_type="application/json")


_ERRORS = {
    400: ("The request cannot be read.", "MALFORMED_REQUEST"),
    403: ("You may not do this.", "FORBIDDEN"),
    404: ("Nothing is here that you may see.", "NOT_FOUND"),
    500: ("Something went wrong here.", "INTERNAL_ERROR"),
}
