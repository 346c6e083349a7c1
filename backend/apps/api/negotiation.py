"""Every answer of the API is JSON, whatever the caller says that it accepts: an error must be readable too."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OnlyJSON(BaseContentNegotiation):
    """Chooses the first renderer and the first parser that takes the body's type."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser for the body's media type; None, which is answered with 415, if there is none."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        return renderers[0], renderers[0].media_type
