"""How the API describes itself: the errors of every call, the ways to prove who calls, the shapes of answers."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from apps.api.fields import Text
from apps.api.inputs import Input

Method = TypeVar("Method", bound=Callable[..., Any])
AnySerializer = serializers.BaseSerializer[Any]
TAG_ACCOUNT, TAG_DATA, TAG_CONNECTIONS, TAG_STAFF = "Access", "Data", "Connections", "Staff"
TAG_INTEGRATIONS = "Integrations"


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error."""

    success = serializers.BooleanField(help_text="Always false.")
    error = serializers.CharField(help_text="What happened and what to do, for people, in the caller's language.")
    error_code = serializers.CharField(help_text="The same for programs. It never changes its meaning.")
    details = serializers.DictField(
        child=serializers.JSONField(), help_text="Which fields are wrong and why; how long to wait; a reference."
    )
    timestamp = serializers.DateTimeField(help_text="When it happened, in UTC.")


_MEANING = {
    400: ("The call cannot be understood: a field is unknown, missing or of the wrong type.", "INVALID_INPUT"),
    401: ("The call has no token and no session, or its token is wrong, expired or revoked.", "INVALID_TOKEN"),
    403: ("The access lacks the scope, or the role may only read.", "SCOPE_MISSING"),
    404: ("Nothing is here, or it belongs to another client.", "NOT_FOUND"),
    405: ("The path knows no such method.", "METHOD_NOT_ALLOWED"),
    409: ("The state of things does not allow it; `error_code` says why.", "CONFLICT"),
    413: ("The body is larger than 64 KB, or a message than 3 MB.", "TOO_LARGE"),
    415: ("The body is not JSON.", "UNSUPPORTED_MEDIA_TYPE"),
    429: ("Too many calls. `Retry-After` says how many seconds to wait.", "RATE_LIMIT_EXCEEDED"),
    500: ("A fault of this server. `details.reference` is in its log.", "INTERNAL_ERROR"),
    502: ("The aggregator or the service answered what its contract excludes.", "UNKNOWN_ERROR"),
    503: (
        "The aggregator or the service does not answer. `Retry-After` says when to try again.",
        "CONNECTION_FAILURE",
    ),
}


def failures(*statuses: int) -> dict[int | str, OpenApiResponse]:
    """The answers of the given errors, as extend_schema takes them."""
    return {status: _failure(status) for status in statuses}


def _failure(status: int) -> OpenApiResponse:
    meaning, code = _MEANING[status]
    example = OpenApiExample(code, value=_example(meaning, code))
    return OpenApiResponse(ErrorSerializer, description=meaning, examples=[example])


def _example(meaning: str, code: str) -> dict[str, Any]:
    return {
        "success": False,
        "error": meaning,
        "error_code": code,
        "details": {},
        "timestamp": "2026-11-22T12:00:00.000Z",
    }


def add_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to each operation the errors that any call of its kind can meet, and close bodies to unknown fields.

    drf-spectacular calls it when it has made the schema.
    """
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            for status in _common(path, method, operation):
                operation["responses"].setdefault(str(status), _plain_failure(status))
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Request"):
            component["additionalProperties"] = False
    return result


def _common(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    common = [405, 429, 500]
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    if "requestBody" in operation or "query" in places:
        common.append(400)
    if method in {"post", "put", "patch"}:
        common += [413, 415]
    if operation.get("security") != [{}]:
        common += [401, 403]
    return [*common, 404] if "{" in path else common


def _plain_failure(status: int) -> dict[str, Any]:
    meaning, code = _MEANING[status]
    example = {"value": _example(meaning, code)}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": {code: example}}
    answer = {"description": meaning, "content": {"application/json": content}}
    if status in {429, 503}:
        wait = {"schema": {"type": "integer"}, "description": "Seconds to wait before the next call."}
        answer["headers"] = {"Retry-After": wait}
    return answer


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Personal access tokens and JSON web tokens."""

    target_class = "apps.api.authentication.BearerAuthentication"
    name = ["personalToken", "jwt"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Both are sent in the same header."""
        personal = "A personal access token, made at /settings/tokens/: `Authorization: Bearer ponte_…`"
        jwt = "A token of POST /api/auth/token/, valid for 30 minutes. It has the claim `client_id`."
        return [
            {"type": "http", "scheme": "bearer", "description": personal},
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": jwt},
        ]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session of the pages."""

    target_class = "apps.api.authentication.PageAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A cookie; a change needs the header X-CSRFToken too."""
        text = "The session of somebody who is signed in on the pages. A change needs the header `X-CSRFToken` too."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": text}


@cache
def page_of(name: str, shape: type[AnySerializer]) -> Any:
    """The answer of a list: its rows as `name`, and where the next page begins."""
    return inline_serializer(
        f"{_named(shape)}Page",
        {
            "success": _success(),
            name: shape(many=True),
            "next_cursor": Text("Send it as `cursor` to get the next page; null on the last one.", null=True),
        },
    )


@cache
def list_of(name: str, shape: type[AnySerializer]) -> Any:
    """The answer of a list that has no pages."""
    return inline_serializer(f"{_named(shape)}List", {"success": _success(), name: shape(many=True)})


@cache
def one_of(name: str, shape: type[AnySerializer]) -> Any:
    """The answer about one thing, called `name`."""
    return inline_serializer(f"{_named(shape)}Answer", {"success": _success(), name: shape()})


@cache
def done() -> Any:
    """The answer of a call that has nothing to tell."""
    return inline_serializer("DoneAnswer", {"success": _success()})


def described(
    summary: str,
    answer: Any,
    *,
    tag: str = TAG_DATA,
    body: Any = None,
    query: type[Input] | None = None,
    headers: tuple[OpenApiParameter, ...] = (),
    status: int = 200,
    also: Mapping[int, Any] | None = None,
    errors: tuple[int, ...] = (),
    examples: list[OpenApiExample] | None = None,
) -> Callable[[Method], Method]:
    """The decorator of a method: what it does in a line, and what it takes and returns. `also`: answers of other
    statuses."""
    decorate: Callable[[Method], Method] = extend_schema(
        operation_id="_".join(re.findall(r"\w+", summary.lower())),
        summary=summary,
        tags=[tag],
        request=body,
        parameters=[*([query] if query else []), *headers] or None,
        responses={status: answer, **(also or {}), **failures(*errors)},
        examples=examples,
    )
    return decorate


def _success() -> serializers.BooleanField:
    return serializers.BooleanField(help_text="Always true.")


def _named(shape: type[AnySerializer]) -> str:
    return shape.__name__.removesuffix("Serializer")
