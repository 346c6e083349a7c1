"""The product's URLs and an empty page beside them, and the middleware that counts queries."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path

from core import urls


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    """The shell of every page, for somebody who is signed in, with nothing in it."""
    return render(request, "base.html")


urlpatterns = [path("bench/empty/", empty), *urls.urlpatterns]


class CountQueries:
    """Says in the header X-Queries how many queries an answer took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        counter = Counter()
        with connection.execute_wrapper(counter):
            response = self.get_response(request)
        response.headers["X-Queries"] = str(counter.queries)
        return response


class Counter:
    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)
