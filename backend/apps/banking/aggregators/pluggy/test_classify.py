"""The verdict on an item comes from both of its fields, in every combination."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.aggregators.pluggy.classify import KNOWN, classify_item, readable
from apps.banking.aggregators.pluggy.codes import ITEM_CODES
from apps.banking.aggregators.verdict import Action, Health
from lib.errors import ErrorType

BANK_PAGE = {"name": "oauth_code", "type": "text", "data": "https://banco.example/authorise"}


def item(status, execution, error=None, **more):
    return {"id": "1", "status": status, "executionStatus": execution, "error": error and {"code": error}, **more}


@pytest.mark.parametrize(
    ("given_item", "health", "action"),
    [
        (item("UPDATED", "SUCCESS"), Health.OK, Action.NONE),
        (item("UPDATED", "SUCCESS", "INVALID_CREDENTIALS"), Health.OK, Action.NONE),
        (item("UPDATED", "PARTIAL_SUCCESS"), Health.PARTIAL, Action.NONE),
        (item("UPDATED", "PARTIAL_SUCCESS", "CONNECTION_ERROR"), Health.PARTIAL, Action.NONE),
        (item("UPDATED", "SITE_NOT_AVAILABLE"), Health.PARTIAL, Action.NONE),
        (item("UPDATED", None), Health.PARTIAL, Action.NONE),
        (item("UPDATING", "SUCCESS"), Health.IN_PROGRESS, Action.NONE),
        (item("UPDATING", "INVALID_CREDENTIALS", "INVALID_CREDENTIALS"), Health.IN_PROGRESS, Action.NONE),
        (item("MERGING", "TRANSACTIONS_IN_PROGRESS"), Health.IN_PROGRESS, Action.NONE),
        (item("WAITING_USER_INPUT", "LOGIN_IN_PROGRESS"), Health.NEEDS_USER, Action.ANSWER_MFA),
        (item("WAITING_USER_INPUT", "ERROR", parameter={"data": "a picture"}), Health.NEEDS_USER, Action.ANSWER_MFA),
        (item("WAITING_USER_INPUT", "ERROR", parameter=BANK_PAGE), Health.NEEDS_USER, Action.AUTHORIZE_AT_BANK),
        (item("UPDATED", "SUCCESS", parameter=BANK_PAGE), Health.OK, Action.NONE),
        (item("WAITING_USER_ACTION", "ERROR", "ERROR"), Health.NEEDS_USER, Action.AUTHORIZE_AT_BANK),
        (item("LOGIN_ERROR", "INVALID_CREDENTIALS"), Health.NEEDS_USER, Action.RECONNECT),
        (item("LOGIN_ERROR", "ERROR", "ACCOUNT_LOCKED"), Health.NEEDS_USER, Action.UNLOCK_AT_BANK),
        (item("LOGIN_ERROR", "SITE_NOT_AVAILABLE"), Health.NEEDS_USER, Action.RECONNECT),
        (item("LOGIN_ERROR", "SUCCESS"), Health.NEEDS_USER, Action.RECONNECT),
        (item("LOGIN_ERROR", "USER_NOT_SUPPORTED"), Health.PERMANENT, Action.GIVE_UP),
        (item("OUTDATED", "SITE_NOT_AVAILABLE"), Health.TEMPORARY, Action.WAIT),
        (item("OUTDATED", "ERROR", "SITE_NOT_AVAILABLE"), Health.TEMPORARY, Action.WAIT),
        (item("OUTDATED", "USER_INPUT_TIMEOUT"), Health.NEEDS_USER, Action.START_AGAIN),
        (item("OUTDATED", "INVALID_CREDENTIALS"), Health.NEEDS_USER, Action.RECONNECT),
        (item("OUTDATED", "SUCCESS"), Health.TEMPORARY, Action.WAIT),
        (item("OUTDATED", "USER_AUTHORIZATION_PENDING"), Health.IN_PROGRESS, Action.AWAIT_APPROVAL),
        (item("UPDATED", "USER_AUTHORIZATION_PENDING"), Health.IN_PROGRESS, Action.AWAIT_APPROVAL),
        (item("OUTDATED", "USER_NOT_SUPPORTED"), Health.PERMANENT, Action.GIVE_UP),
    ],
    ids=lambda value: f"{value['status']}-{value['executionStatus']}" if isinstance(value, dict) else None,
)
def test_status_and_code_together_give_the_verdict(given_item, health, action):
    verdict = classify_item(given_item)
    assert (verdict.health, verdict.action) == (health, action)


def test_the_errors_code_is_more_exact_than_the_execution_status():
    verdict = classify_item(item("OUTDATED", "ERROR", "ALREADY_LOGGED_IN"))
    assert (verdict.code, verdict.action) == ("ALREADY_LOGGED_IN", Action.LOG_OUT_ELSEWHERE)


@pytest.mark.parametrize(
    ("status", "health"),
    [("LOGIN_ERROR", Health.NEEDS_USER), ("OUTDATED", Health.TEMPORARY), ("UPDATED", Health.PARTIAL)],
)
def test_an_unknown_code_logs_an_error_and_the_status_decides(status, health, caplog):
    verdict = classify_item(item(status, "A_CODE_OF_TOMORROW"))
    assert verdict.health is health
    assert verdict.code == "A_CODE_OF_TOMORROW"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("status", [None, "", "HIBERNATING", 5, "x" * 1000])
def test_an_unknown_status_is_unknown_and_logs_an_error(status, caplog):
    verdict = classify_item(item(status, "SUCCESS"))
    assert verdict.health is Health.UNKNOWN
    assert verdict.error_type is ErrorType.UNKNOWN_ERROR
    assert len(caplog.records) == 1
    assert len(caplog.text) < 300


WORDS = st.sampled_from([*KNOWN, *ITEM_CODES]) | st.text(max_size=20) | st.none() | st.integers()


@given(status=WORDS, execution=WORDS, error=WORDS | st.dictionaries(st.just("code"), WORDS))
def test_any_item_gets_a_verdict(status, execution, error):
    verdict = classify_item({"status": status, "executionStatus": execution, "error": error})
    assert verdict.health in Health
    assert len(verdict.code) <= 64
    if status == "LOGIN_ERROR":
        assert verdict.health in (Health.NEEDS_USER, Health.PERMANENT)
    if verdict.has_data:
        assert status == "UPDATED" or execution == "PARTIAL_SUCCESS"


def test_an_empty_item_gets_a_verdict():
    assert classify_item({}).health is Health.UNKNOWN


@pytest.mark.parametrize(
    ("code", "read"), [("A_1", "A_1"), ("", ""), (None, ""), ("a", "UNREADABLE"), (5, "UNREADABLE")]
)
def test_only_a_code_of_the_vendors_form_is_readable(code, read):
    assert readable(code) == read
