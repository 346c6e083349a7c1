"""The endpoints of OAuth that applications call: metadata, registration, tokens, revocation."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from apps.agents.oauth import registration, tokens
from apps.agents.oauth.errors import OAuthError
from apps.agents.oauth.metadata import resource_metadata, server_metadata
from apps.agents.oauth.places import base_of
from apps.api.throttles import call_budgets, wait_for
from lib.client_address import of_meta

# Bytes of a registration.
LIMIT = 16 * 1024

Answer = Callable[[HttpRequest], dict[str, Any]]


def base(request: HttpRequest) -> str:
    """The address of this server."""
    return base_of(request.scheme or "https", request.get_host())


@require_safe
def server(request: HttpRequest) -> HttpResponse:
    """Where applications find the other endpoints."""
    return _public(server_metadata(base(request)))


@require_safe
def resource(request: HttpRequest) -> HttpResponse:
    """Whose tokens the MCP endpoint takes."""
    return _public(resource_metadata(base(request)))


def _endpoint(status: int) -> Callable[[Answer], Callable[[HttpRequest], HttpResponse]]:
    """An endpoint for programs without a session: limited by address, every error as OAuth has it."""

    def decorate(answer: Answer) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @require_POST
        @never_cache
        @wraps(answer)
        def view(request: HttpRequest) -> HttpResponse:
            try:
                _limit(request)
                return _private(answer(request), status)
            except OAuthError as error:
                return _refused(error)

        return view

    return decorate


@_endpoint(201)
def register(request: HttpRequest) -> dict[str, Any]:
    """Register an application."""
    return registration.register(_json(request), _address(request))


@_endpoint(200)
def token(request: HttpRequest) -> dict[str, Any]:
    """Exchange a code or a refresh token."""
    return tokens.exchange(_form(request), base(request))


@_endpoint(200)
def revoke(request: HttpRequest) -> dict[str, Any]:
    """End a token. An unknown one is no error."""
    tokens.revoke(_form(request))
    return {}


def _limit(request: HttpRequest) -> None:
    if wait := wait_for(call_budgets(None, _address(request))):
        raise OAuthError("temporarily_unavailable", "too many calls; wait", 429, round(wait) or 1)


def _address(request: HttpRequest) -> str | None:
    return of_meta(request.META, settings.TRUSTED_PROXIES).limited


def _form(request: HttpRequest) -> Mapping[str, str]:
    """The fields of a form. One that is sent twice is an error (RFC 6749, 3.2)."""
    if any(len(values) > 1 for _name, values in request.POST.lists()):
        raise OAuthError("invalid_request", "a field was sent twice")
    return request.POST.dict()


def _json(request: HttpRequest) -> Mapping[str, Any]:
    try:
        content = json.loads(request.body) if len(request.body) <= LIMIT else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise OAuthError("invalid_client_metadata", "the body must be a JSON object of at most 16 KiB")
    return content


def _public(content: dict[str, Any]) -> HttpResponse:
    """Metadata, which scripts of any site may read: it is the same for everybody."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
    return JsonResponse(content, headers=headers)


def _private(content: dict[str, Any], status: int) -> HttpResponse:
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _refused(error: OAuthError) -> HttpResponse:
    answer = _private(error.content, error.status)
    if error.retry_after is not None:
        answer["Retry-After"] = str(error.retry_after)
    return answer
