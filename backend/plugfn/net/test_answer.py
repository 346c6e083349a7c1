"""Tests of answers and error tables."""

import pytest

from plugfn.errors import InvalidCall, NeedsReconnect, RateLimited, Unavailable, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means

SLACKISH = ErrorTable(
    codes={"invalid_auth": Means(NeedsReconnect, "The token is not valid.")},
    read=lambda answer: None if (found := answer.document()).get("ok") else str(found.get("error")),
)


def test_an_answer_without_an_error_passes():
    ErrorTable().check(Answer(204))


def test_a_status_has_its_common_meaning():
    with pytest.raises(InvalidCall) as caught:
        ErrorTable().check(Answer(422, body=b"secret"))
    assert caught.value.code == "http_422"
    assert "secret" not in str(caught.value)


def test_an_error_within_200_is_found():
    with pytest.raises(NeedsReconnect) as caught:
        SLACKISH.check(Answer(200, body=b'{"ok": false, "error": "invalid_auth"}'))
    assert caught.value.code == "invalid_auth"


def test_an_unknown_code_is_unexpected():
    with pytest.raises(Unexpected):
        SLACKISH.check(Answer(200, body=b'{"ok": false, "error": "brand_new"}'))


@pytest.mark.parametrize(("status", "maybe_done"), [(500, True), (502, True), (503, False), (504, True), (599, True)])
def test_a_failing_server_may_have_acted_unless_it_says_it_did_not_start(status, maybe_done):
    with pytest.raises(Unavailable) as caught:
        ErrorTable().check(Answer(status))
    assert caught.value.maybe_done is maybe_done


def test_a_429_has_its_wait():
    with pytest.raises(RateLimited) as caught:
        ErrorTable().check(Answer(429, {"retry-after": "7"}))
    assert caught.value.retry_after == 7


def test_an_answer_that_is_not_json_is_unexpected_and_not_shown():
    with pytest.raises(Unexpected) as caught:
        Answer(200, body=b"<html>token=abc").document()
    assert "abc" not in str(caught.value)


def test_an_error_includes_the_answers_detail():
    table = ErrorTable(detail=lambda answer: f"needs {answer.document()['needed']}")
    with pytest.raises(InvalidCall, match=r"is wrong\. \(needs chat:write\)"):
        table.check(Answer(400, body=b'{"needed": "chat:write"}'))


def test_a_server_that_fails_within_200_may_have_acted():
    table = ErrorTable(
        codes={"internal_error": Means(Unavailable, "Slack failed.")},
        read=lambda answer: str(answer.document()["error"]),
    )
    with pytest.raises(Unavailable) as caught:
        table.check(Answer(200, body=b'{"ok": false, "error": "internal_error"}'))
    assert caught.value.maybe_done is True


@pytest.mark.parametrize(("status", "error"), [(502, Unavailable), (429, RateLimited), (401, NeedsReconnect)])
def test_a_gateways_html_error_is_read_by_its_status(status, error):
    with pytest.raises(error):
        SLACKISH.check(Answer(status, body=b"<html>Bad Gateway"))


def test_html_with_a_good_status_is_unexpected():
    with pytest.raises(Unexpected):
        SLACKISH.check(Answer(200, body=b"<html>Log in"))


def test_a_detail_that_cannot_be_read_is_left_out():
    table = ErrorTable(detail=lambda answer: str(answer.document()["message"]))
    with pytest.raises(InvalidCall) as caught:
        table.check(Answer(422, body=b"<html>"))
    assert caught.value.message == "A value is not accepted."
