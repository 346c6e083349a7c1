"""The admin sees the rows of all clients, in a role of its own."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

from core.login import may_enter
from lib.row_security import for_staff


class StaffRows:
    """Middleware: runs the admin's views for staff. It must be the last one, because it calls the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """The answer of a view of the admin, rendered; None for all others, and for people whom it does not let in."""
        match = request.resolver_match
        if match is None or "admin" not in match.namespaces or not may_enter(request):
            return None
        with for_staff():
            answer = view(request, *args, **kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
