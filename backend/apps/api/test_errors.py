"""Every error under /api/ has the one form, whatever went wrong."""

import json
import logging
from datetime import datetime

import pytest
from django.test import Client as Browser

from apps.api import errors
from apps.api.endpoints.me import MeView
from apps.api.jwt import make_pair
from apps.api.models import AccessToken
from apps.clients.factories import MembershipFactory
from lib.errors import NeedsUser, Permanent, Temporary, Throttled, Unexpected

pytestmark = pytest.mark.django_db


def assert_form(answer: dict, code: str) -> None:
    assert set(answer) == {"success", "error", "error_code", "details", "timestamp"}
    assert answer["success"] is False
    assert answer["error_code"] == code
    assert answer["error"]
    assert isinstance(answer["details"], dict)
    assert datetime.fromisoformat(answer["timestamp"]).tzinfo


@pytest.fixture
def program(caller):
    return caller(MembershipFactory())


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/me/nothing/", "/api/banking/", "/api/tokens/x/"])
def test_an_unknown_path_is_404(stranger, path):
    status, answer = stranger.get(path)
    assert status == 404
    assert_form(answer, "NOT_FOUND")


def test_a_missing_slash_is_said(stranger):
    with_slash = stranger.get("/api/nothing")[1]["error"]
    without = stranger.get("/api/me")[1]["error"]
    assert without != with_slash
    assert stranger.post("/api/tokens")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "WHATEVER"])
def test_an_unknown_method_is_405_before_anything_else(stranger, method):
    status, answer = stranger.call(method, "/api/me/")
    assert status == 405
    assert_form(answer, "METHOD_NOT_ALLOWED")


def test_a_stranger_gets_401_with_a_challenge(stranger):
    status, answer = stranger.get("/api/me/")
    assert status == 401
    assert_form(answer, "NOT_AUTHENTICATED")
    assert stranger.answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer ponte_x", "Bearer a b", "Bearer é", "x"]
)
def test_a_header_that_opens_nothing_is_401(stranger, header):
    status, answer = stranger.call("GET", "/api/me/", headers={"Authorization": header})
    assert status == 401
    assert_form(answer, "INVALID_TOKEN")
    assert stranger.answer["WWW-Authenticate"]


def nested(depth: int) -> bytes:
    return b'{"name":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": 1, "name": 2}',
        b'{"name": 1' + b"0" * 5000 + b"}",
        nested(9),
        nested(20_000),
    ],
)
def test_a_body_that_is_no_object_of_json_is_malformed(program, body):
    status, answer = program.post("/api/tokens/", body)
    assert status == 400
    assert_form(answer, "MALFORMED_JSON")


def test_a_large_body_is_413(program):
    status, answer = program.post("/api/tokens/", json.dumps({"name": "x" * 70_000}))
    assert status == 413
    assert_form(answer, "TOO_LARGE")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_another_media_type_is_415(program, kind):
    status, answer = program.post("/api/tokens/", b"name=x", content_type=kind)
    assert status == 415
    assert_form(answer, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "  ", "scopes": ["read"]}, "name"),
        ({"name": 7, "scopes": ["read"]}, "name"),
        ({"name": "a\0b", "scopes": ["read"]}, "name"),
        ({"name": "x" * 81, "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": "read"}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes.0"),
        ({"name": "x", "scopes": ["read"], "days": "7"}, "days"),
        ({"name": "x", "scopes": ["read"], "days": True}, "days"),
        ({"name": "x", "scopes": ["read"], "days": 10**30}, "days"),
        ({"name": "x", "scopes": ["read"], "admin": True}, "admin"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(caller, body, field):
    member = MembershipFactory()
    program = caller(member)
    program.token = make_pair(member.user, None).access
    status, answer = program.post("/api/tokens/", body)
    assert status == 400
    assert_form(answer, "INVALID_INPUT")
    assert list(answer["details"]) == [field]
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": ["1", "2"]}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "\0"}, "cursor"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_wrong_query_is_named(program, query, field):
    status, answer = program.get("/api/tokens/", **query)
    assert status == 400
    assert_form(answer, "INVALID_INPUT")
    assert list(answer["details"]) == [field]


def test_what_fails_before_the_views_has_the_form_too(stranger):
    status, answer = stranger.call("GET", "/api/me/", headers={"Host": "elsewhere.example.com"})
    assert status == 400
    assert_form(answer, "MALFORMED_REQUEST")
    assert answer["details"]["reference"] == stranger.answer["X-Request-Id"]


def test_a_fault_of_ours_is_500_with_a_reference_that_is_in_the_log(program, monkeypatch, caplog):
    def fail(*_args: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(MeView, "get", fail)
    with caplog.at_level(logging.ERROR):
        status, answer = program.get("/api/me/")
    assert status == 500
    assert_form(answer, "INTERNAL_ERROR")
    assert "secret" not in json.dumps(answer)
    assert answer["details"]["reference"] in [getattr(record, "reference", "") for record in caplog.records]


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (Throttled("wait", retry_after=4.2), 429, "RATE_LIMIT_EXCEEDED", "5"),
        (Temporary("down", retry_after=9), 503, "CONNECTION_FAILURE", "9"),
        (Temporary("down"), 503, "CONNECTION_FAILURE", "30"),
        (NeedsUser("reconnect", code="USER_LOCKED"), 409, "USER_LOCKED", None),
        (Permanent("no", code="NOT_YOURS"), 409, "NOT_YOURS", None),
        (Unexpected("odd"), 502, "UNKNOWN_ERROR", None),
    ],
)
def test_what_a_verb_raises_has_a_status(error, status, code, wait):
    answer = errors.answer_error(error, {})
    assert answer.status_code == status
    assert_form(answer.data, code)
    assert answer.headers.get("Retry-After") == wait


def test_a_change_by_session_without_the_csrf_token_is_refused(stranger):
    member = MembershipFactory()
    stranger.browser = Browser(enforce_csrf_checks=True)
    stranger.browser.force_login(member.user)
    status, answer = stranger.post("/api/tokens/", {"name": "x", "scopes": ["read"]})
    assert status == 403
    assert_form(answer, "CSRF_FAILED")
