"""How the API describes itself: the errors of every call, the ways to prove who calls, the shapes of answers."""

import re
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

from apps.api.fields import Text
from apps.api.inputs import Input

AnySerializer = serializers.BaseSerializer[Any]
TAG_ACCOUNT, TAG_DATA, TAG_CONNECTIONS, TAG_STAFF = "Access", "Data", "Connections", "Staff"


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
    401: ("Nobody is signed in, or the token is wrong, expired or revoked.", "INVALID_TOKEN"),
    403: ("The access lacks the scope, or the role may only read.", "SCOPE_MISSING"),
    404: ("Nothing is here, or it belongs to another client.", "NOT_FOUND"),
    405: ("The path knows no such method.", "METHOD_NOT_ALLOWED"),
    409: ("The state of things does not allow it; `error_code` says why.", "CONFLICT"),
    413: ("The body is larger than 64 KB.", "TOO_LARGE"),
    415: ("The body is not JSON.", "UNSUPPORTED_MEDIA_TYPE"),
    429: ("Too many calls. `Retry-After` says how many seconds to wait.", "RATE_LIMIT_EXCEEDED"),
    500: ("A fault of this server. `details.reference` is in its log.", "INTERNAL_ERROR"),
    502: ("The aggregator answered what its contract excludes.", "UNKNOWN_ERROR"),
    503: ("The aggregator does not answer now. `Retry-After` says when to try again.", "CONNECTION_FAILURE"),
}


def failures(*statuses: int) -> dict[int | str, OpenApiResponse]:
    """The answers of the given errors, as extend_schema takes them."""
    return {status: _failure(status) for status in statuses}


def _failure(status: int) -> OpenApiResponse:
    meaning, code = _MEANING[status]
    example = OpenApiExample(
        code,
        value={
            "success": False,
            "error": meaning,
            "error_code": code,
            "details": {},
            "timestamp": "2026-11-22T12:00:00.000Z",
        },
    )
    return OpenApiResponse(ErrorSerializer, description=meaning, examples=[example])


class Description(AutoSchema):
    """Adds to each operation the errors that any call can meet."""

    def get_response_serializers(self) -> Any:
        """What the view declares, and the common errors."""
        declared = super().get_response_serializers()
        common = [405, 413, 415, 429, 500] if self.method in {"POST", "PUT", "PATCH"} else [405, 429, 500]
        if self.method in {"POST", "PUT", "PATCH"} or self.get_override_parameters():
            common.append(400)
        if self.get_auth():
            common += [401, 403]
        if "{" in self.path:
            common.append(404)
        answers = declared if isinstance(declared, dict) else {200: declared}
        return {**failures(*sorted(common)), **answers}


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
        f"{_camel(name)}Page",
        {
            "success": _success(),
            name: shape(many=True),
            "next_cursor": Text("Send it as `cursor` to get the next page; null on the last one.", null=True),
        },
    )


@cache
def list_of(name: str, shape: type[AnySerializer]) -> Any:
    """The answer of a list that has no pages."""
    return inline_serializer(f"{_camel(name)}List", {"success": _success(), name: shape(many=True)})


@cache
def one_of(name: str, shape: type[AnySerializer]) -> Any:
    """The answer about one thing, called `name`."""
    return inline_serializer(f"{_camel(name)}Answer", {"success": _success(), name: shape()})


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
    status: int = 200,
    errors: tuple[int, ...] = (),
    examples: list[OpenApiExample] | None = None,
) -> Any:
    """The decorator of a method: what it does in a line, and what it takes and returns."""
    return extend_schema(
        summary=summary,
        tags=[tag],
        request=body,
        parameters=[query] if query else None,
        responses={status: answer, **failures(*errors)},
        examples=examples,
    )


def _success() -> serializers.BooleanField:
    return serializers.BooleanField(help_text="Always true.")


def _camel(name: str) -> str:
    return "".join(part.title() for part in re.split(r"[_-]", name))
