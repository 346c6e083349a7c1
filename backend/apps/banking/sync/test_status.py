"""The state of a connection after a verdict, and what Ponte announces."""

import pytest

from apps.banking.aggregators.verdict import Action, Health, Verdict
from apps.banking.models import Connection
from apps.banking.sync.status import update_connection
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
    return connection, [[news.kind for news in update_connection(connection, {}, verdict)] for verdict in verdicts]


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
def test_each_verdict_has_its_state_and_an_unclear_verdict_keeps_the_last_state(verdict, state):
    connection, _ = through(verdict)
    assert connection.state == state
    if state != "connecting":
        assert connection.action == verdict.action


def test_the_user_is_asked_once_for_each_thing_to_do():
    _, news = through(WRONG, WRONG, LOCKED, LOCKED)
    assert news == [["connection.needs_user"], [], ["connection.needs_user"], []]


def test_a_run_in_progress_does_not_hide_that_the_connection_had_a_problem():
    connection, news = through(WRONG, RUNNING, STRANGE, OK)
    assert news == [["connection.needs_user"], [], [], ["connection.recovered"]]
    assert (connection.state, connection.action, connection.error_code, connection.error_type) == ("active", "", "", "")


def test_a_problem_of_the_bank_asks_no_user_and_its_end_is_a_recovery():
    assert through(OK, DOWN, DOWN, OK)[1] == [[], [], [], ["connection.recovered"]]


def test_a_connection_that_never_worked_does_not_recover():
    connection = Connection(vendor_id="item")
    assert [news.kind for news in update_connection(connection, {}, WRONG)] == ["connection.needs_user"]
    assert update_connection(connection, {}, OK) == []


def test_the_vendors_columns_are_stored_but_the_code_is_the_verdicts():
    connection, _ = through(OK)
    update_connection(
        connection, {"status": "UPDATED", "products": ["ACCOUNTS"], "error_code": "X", "vendor_id": "other"}, OK
    )
    assert (connection.status, connection.products, connection.error_code) == ("UPDATED", ["ACCOUNTS"], "")
    assert connection.vendor_id == "item"
