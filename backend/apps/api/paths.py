"""Routes whose slash at the end may be left out, for contracts that have none. A redirect would lose a POST's body."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern


class _EitherWay(RoutePattern):
    """A route that ends with a slash and also matches without it."""

    def match(self, path: str) -> Any:
        return super().match(path) or (None if path.endswith("/") else super().match(f"{path}/"))


def either_way(route: str, view: Callable[..., Any]) -> URLPattern:
    """The URL of `route`, which ends with a slash; the schema shows it so."""
    return URLPattern(_EitherWay(route, is_endpoint=True), view)
