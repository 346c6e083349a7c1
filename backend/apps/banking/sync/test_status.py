"""What a verdict makes of a connection, and what of it is news."""

import pytest

from apps.banking.aggregators.verdict import Action, Health, Verdict
from apps.banking.models import Connection
from apps.banking.sync.status import absorb
from lib.errors import ErrorType

OK = Verdict(Health.OK, code="SUCCESS")
LOCKED = Verdict(Health.NEEDS_USER, Action.UNLOCK_AT_BANK, "ACCOUNT_LOCKED", ErrorType.AUTHENTICATION_ERROR)
WRONG = Verdict(Health.NEEDS_USER, Action.RECONNECT, "INVALID_CREDENTIALS", ErrorType.AUTHENTICATION_ERROR)
DOWN = Verdict(Health.TEMPORARY, Action.WAIT, "SITE_NOT_AVAILABLE", ErrorType.BANK_MAINTENANCE)
RUNNING = Verdict(Health.IN_PROGRESS)
WAITING = Verdict(
    Health.IN_PROGRESS, Action.AWAIT_APPROVAL, "USER_AUTHORIZATION_PENDING", ErrorType.AUTHENTICATION_ERROR
)
NEVER = Verdict(Health.PERMANENT, Action.GIVE_UP, "USER_NOT_SUPPORTED", ErrorType.PRODUCT_NOT_AVAILABLE)
STRANGE = Verdict(Health.UNKNOWN, code="BRAND_NEW", error_type=ErrorType.UNKNOWN_ERROR)


def through(*verdicts: Verdict) -> tuple[Connection, list[list[str]]]:
    connection = Connection(vendor_id="item", last_synced_at="2026-11-01T00:00:00Z")
    return connection, [[news.kind for news in absorb(connection, {}, verdict)] for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (OK, "active"),
        (LOCKED, "needs_user"),
        (DOWN, "outdated"),
        (WAITING, "needs_user"),
        (NEVER, "needs_user"),
        (RUNNING, "connecting"),
        (STRANGE, "connecting"),
    ],
)
def test_each_verdict_has_its_state_and_one_that_says_nothing_leaves_the_last(verdict, state):
    connection, _ = through(verdict)
    assert connection.state == state
    if state != "connecting":
        assert connection.action == verdict.action


def test_the_user_is_asked_once_for_each_thing_to_do():
    _, news = through(WRONG, WRONG, LOCKED, LOCKED)
    assert news == [["connection.needs_user"], [], ["connection.needs_user"], []]


def test_a_run_under_way_does_not_hide_that_the_connection_was_in_trouble():
    connection, news = through(WRONG, RUNNING, STRANGE, OK)
    assert news == [["connection.needs_user"], [], [], ["connection.recovered"]]
    assert (connection.state, connection.action, connection.error_code, connection.error_type) == ("active", "", "", "")


def test_the_banks_trouble_is_no_prompt_and_its_end_is_a_recovery():
    assert through(OK, DOWN, DOWN, OK)[1] == [[], [], [], ["connection.recovered"]]


def test_a_connection_that_never_worked_does_not_recover():
    connection = Connection(vendor_id="item")
    assert [news.kind for news in absorb(connection, {}, WRONG)] == ["connection.needs_user"]
    assert absorb(connection, {}, OK) == []


def test_what_the_vendor_says_of_the_item_is_stored_and_its_code_is_the_verdicts():
    connection, _ = through(OK)
    absorb(connection, {"status": "UPDATED", "products": ["ACCOUNTS"], "error_code": "X", "vendor_id": "other"}, OK)
    assert (connection.status, connection.products, connection.error_code) == ("UPDATED", ["ACCOUNTS"], "")
    assert connection.vendor_id == "item"
