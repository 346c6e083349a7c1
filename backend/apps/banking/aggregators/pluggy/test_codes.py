"""The captured example of each row becomes the error or the verdict that the code table says."""

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.client import endpoints
from apps.banking.aggregators.pluggy.client.answers import failure, is_stale_key
from apps.banking.aggregators.pluggy.client.endpoints import ENDPOINTS
from apps.banking.aggregators.pluggy.codes import API_CODES, CODES, ITEM_CODES, UNKNOWN
from apps.banking.aggregators.pluggy.errors import (
    ItemAlreadyExists,
    PluggyFailure,
    PluggyTemporary,
    PluggyUnexpected,
)
from apps.banking.aggregators.verdict import Action, Health
from lib.errors import ErrorType, NeedsUser, Permanent, Temporary, Unexpected
from lib.http import Answer

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}
ITEM_ID = "6f1c2b1e-8d0f-4c63-9a57-2f1d3c9b7a10"


def captured(where, name):
    return json.loads((FIXTURES / where / f"{name}.json").read_text())


def read(where, name):
    """The endpoint and answer of a captured error."""
    doc = captured(where, name)
    answer = Answer(doc["status"], doc.get("headers", {}), doc.get("body"), json="body" in doc)
    return BY_NAME[doc["endpoint"]], answer


@pytest.mark.parametrize("row", [row for row in CODES if row.where != "item"], ids=lambda row: row.code)
def test_each_api_code_becomes_the_error_of_its_row(row, caplog):
    error = failure(*read(row.where, row.code), now=NOW)
    assert type(error) is row.error
    assert (error.code, error.error_type, error.action) == (row.code, row.error_type, row.action)
    assert row.reason in error.message
    assert caplog.records == []


@pytest.mark.parametrize("row", [row for row in CODES if row.where == "item"], ids=lambda row: row.code)
def test_each_item_code_becomes_the_verdict_of_its_row(row, caplog):
    verdict = classify_item(captured("item", row.code))
    assert verdict.health is row.health
    assert (verdict.action, verdict.error_type) == (row.action, row.error_type)
    assert verdict.code == row.code
    assert verdict.reason == row.reason
    assert caplog.records == []


def test_each_row_has_one_example_and_each_example_a_row():
    examples = {(path.parent.name, path.stem) for path in FIXTURES.glob("*/*.json") if path.parent.name != "others"}
    assert examples == {(row.where, row.code) for row in CODES}
    assert len(CODES) == len(API_CODES) + len(ITEM_CODES)


@pytest.mark.parametrize("row", [*CODES, UNKNOWN], ids=lambda row: row.code)
def test_a_row_says_what_to_do_next(row):
    if row.error is None:
        assert row.health in (Health.IN_PROGRESS, Health.OK, Health.PARTIAL)
        return
    assert issubclass(row.error, PluggyFailure)
    assert issubclass(row.error, (Temporary, NeedsUser, Permanent, Unexpected))
    assert isinstance(row.error_type, ErrorType)
    assert not issubclass(row.error, NeedsUser) or row.action not in (Action.NONE, Action.WAIT)
    expected = {Temporary: Health.TEMPORARY, NeedsUser: Health.NEEDS_USER, Permanent: Health.PERMANENT}
    if row.where == "item":
        assert row.health is next(health for base, health in expected.items() if issubclass(row.error, base))


def test_the_table_has_every_status_that_pluggy_documents():
    documented = {
        "INVALID_CREDENTIALS", "INVALID_CREDENTIALS_MFA", "USER_INPUT_TIMEOUT", "ALREADY_LOGGED_IN",
        "SITE_NOT_AVAILABLE", "CONNECTION_ERROR", "UNEXPECTED_ERROR", "ERROR", "CREATE_ERROR", "MERGE_ERROR",
        "ACCOUNT_LOCKED", "ACCOUNT_CREDENTIALS_RESET", "ACCOUNT_NEEDS_ACTION", "USER_AUTHORIZATION_PENDING",
        "USER_AUTHORIZATION_NOT_GRANTED", "USER_AUTHORIZATION_REVOKED", "USER_NOT_SUPPORTED", "SUCCESS",
        "PARTIAL_SUCCESS", "WAITING_USER_INPUT", "WAITING_USER_ACTION", "MERGING",
    }  # fmt: skip
    assert documented <= set(ITEM_CODES)
    assert sum(row.health is Health.IN_PROGRESS for row in ITEM_CODES.values()) == 16
    assert sum(code.endswith("_NOT_FOUND") for code in API_CODES) == 14  # including BALANCE_ and ITEM_MFA_


def test_an_unknown_code_is_retried_and_logs_an_error(caplog):
    error = failure(*read("others", "A_CODE_OF_TOMORROW"))
    assert type(error) is PluggyUnexpected
    assert (error.code, error.error_type) == ("A_CODE_OF_TOMORROW", ErrorType.UNKNOWN_ERROR)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "A_CODE_OF_TOMORROW" in record.getMessage()
    assert "documented" not in record.getMessage()


@pytest.mark.parametrize(("status", "kind"), [(429, ErrorType.RATE_LIMIT_EXCEEDED), (500, ErrorType.INTERNAL_ERROR)])
def test_an_unknown_code_with_a_temporary_status_is_temporary_and_logs_an_error(status, kind, caplog):
    error = failure(endpoints.ITEM, Answer(status, {}, {"code": status, "codeDescription": "NEW_ONE", "message": ""}))
    assert type(error) is PluggyTemporary
    assert error.error_type is kind
    assert len(caplog.records) == 1


@pytest.mark.parametrize("status", [402, 418, 451, 599])
def test_a_status_without_a_row_or_code_is_unexpected_or_temporary(status):
    error = failure(endpoints.ITEM, Answer(status, {}, None, json=False))
    assert type(error) is (PluggyTemporary if status >= 500 else PluggyUnexpected)
    assert error.code == f"HTTP_{status}"


@pytest.mark.parametrize(
    "code", ["x" * 5000, "<script>", "lower", 'A"B', "A\nB", "É", 5, ["A"], {"a": 1}, True], ids=lambda c: str(c)[:9]
)
def test_a_malformed_code_is_unreadable_and_never_logged(code, caplog):
    error = failure(endpoints.ITEM, Answer(400, {}, {"codeDescription": code, "message": "m"}))
    assert error.code == "UNREADABLE"
    assert isinstance(error, PluggyUnexpected)
    assert str(code)[:20] not in caplog.text or len(str(code)) < 5


ODD = (None, [], "text", 7, {}, {"message": None}, {"error": "Not Found"}, {"data": [], "details": "x", "items": {}})


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("status", [400, 404, 409, 410])
def test_an_error_that_is_not_in_pluggys_form_is_unexpected(status, body):
    error = failure(endpoints.ITEM, Answer(status, {}, body))
    assert type(error) is PluggyUnexpected
    assert error.code == f"HTTP_{status}"
    assert error.details.item_ids == ()


def test_a_proxys_403_does_not_replace_the_key_and_is_unexpected():
    answer = Answer(403, {}, None, json=False)
    assert not is_stale_key(answer)
    assert isinstance(failure(endpoints.ITEM, answer), Unexpected)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("api", "ITEM_USER_ALREADY_EXISTS"),
        ("others", "ALREADY_EXISTS_WITHOUT_CODE"),
        ("others", "ALREADY_EXISTS_IN_DATA"),
    ],
)
def test_the_id_of_an_existing_item_is_read_from_each_shape(where, name):
    error = failure(*read(where, name))
    assert type(error) is ItemAlreadyExists
    assert error.details.item_ids == (ITEM_ID,)
    assert error.action is Action.USE_EXISTING


@pytest.mark.parametrize(
    "data", [{"items": [ITEM_ID]}, {"items": [{"id": ITEM_ID}]}, {"itemIds": [ITEM_ID]}, [ITEM_ID]]
)
def test_the_id_of_an_existing_item_is_read_from_any_place_in_data(data):
    body = {"code": 409, "codeDescription": "ITEM_USER_ALREADY_EXISTS", "data": data}
    assert failure(endpoints.ITEM_CREATE, Answer(409, {}, body)).details.item_ids == (ITEM_ID,)


def test_invalid_ids_are_left_out():
    body = {"codeDescription": "ITEM_USER_ALREADY_EXISTS", "items": [ITEM_ID, "../x", None, {"id": 5}, "a b", ITEM_ID]}
    assert failure(endpoints.ITEM_CREATE, Answer(400, {}, body)).details.item_ids == (ITEM_ID,)


def test_field_problems_are_separate_from_the_message():
    error = failure(*read("api", "CONNECTOR_VALIDATION_ERROR"))
    assert [(field.parameter, field.code) for field in error.details.fields] == [("user", "001"), ("password", "002")]
    assert error.details.fields[1].message == "A senha deve ter 8 dígitos"
    assert "senha" not in str(error) + repr(error) + repr(error.details)


def test_the_vendors_own_text_stays_out_of_the_message():
    body = {"code": 400, "message": "value 761.092.776-73 is not valid", "errorId": "abc-1"}
    error = failure(endpoints.ITEM, Answer(400, {}, body))
    assert "761" not in str(error) + repr(error)
    assert error.details.message == "value 761.092.776-73 is not valid"
    assert "[abc-1]" in str(error)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "86400000"}, 3600),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "soon", "RateLimit-Reset": "9"}, 9),
        ({"RateLimit-Reset": "42"}, 42),
        ({}, 60),
    ],
)
def test_a_limit_says_how_long_to_wait(headers, wait):
    error = failure(endpoints.ITEM, Answer(429, headers, {"code": 429, "message": "Too many requests"}), now=NOW)
    assert error.retry_after == wait


def test_maintenance_can_say_how_long_to_wait():
    assert failure(*read("api", "HTTP_503")).retry_after == 120
    assert failure(*read("api", "HTTP_502")).retry_after is None


def test_a_plan_that_allows_fewer_updates_says_when_the_next_may_be():
    error = failure(*read("api", "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY"), now=NOW)
    assert error.retry_after == 2 * 3600
    assert error.details.retry_at == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def test_failed_logins_say_when_the_user_may_try_again():
    error = failure(*read("api", "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES"), now=NOW)
    assert error.details.retry_at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "stale"),
    [
        (401, {"code": 401, "message": "Missing or invalid authorization token"}, True),
        (403, {"code": 403, "message": "Missing or invalid authorization token"}, True),
        (403, {"code": 403, "codeDescription": "CATEGORY_RULE_FORBIDDEN", "message": ""}, False),
        (401, {"code": 401, "codeDescription": "CLIENT_DISABLED", "message": ""}, False),
        (403, None, True),
        (200, {"code": 401, "message": "Missing or invalid authorization token"}, True),
        (200, {"id": "1"}, False),
        (404, {"code": 404, "message": "x"}, False),
    ],
)
def test_a_stale_key_is_distinguished_from_a_missing_permission(status, body, stale):
    assert is_stale_key(Answer(status, {}, body)) is stale


def test_actions_and_endpoints_have_names_fit_for_labels():
    assert all(re.fullmatch(r"[a-z_]*", action) for action in Action)
    assert all(re.fullmatch(r"[a-z_]+", endpoint.name) for endpoint in ENDPOINTS)
    assert len(BY_NAME) == len(ENDPOINTS)
