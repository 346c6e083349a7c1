"""Every row of the error table, each with an answer as GitHub sends it."""

import json
from pathlib import Path

import pytest
import time_machine

from plugfn import errors
from plugfn.net.answer import Answer
from plugfn.providers.github.errors import CODES, STATUSES, TABLE

ROWS = json.loads((Path(__file__).parent / "fixtures" / "errors.json").read_text())
NOON = 1767614400


def answer_of(row):
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    return Answer(row["status"], row["headers"], body.encode())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']}-{row['code']}")
def test_an_error_means_what_its_row_says(row):
    with time_machine.travel(NOON, tick=False), pytest.raises(errors.PlugFnError) as caught:
        TABLE.check(answer_of(row))
    assert type(caught.value).__name__ == row["error"]
    assert caught.value.code == row["code"]
    if "detail" in row:
        assert str(caught.value).endswith(f"({row['detail']})")
    if "retry_after" in row:
        assert caught.value.retry_after == row["retry_after"]


def test_every_row_has_an_example():
    assert set(CODES) <= {row["code"] for row in ROWS}
    assert set(STATUSES) <= {row["status"] for row in ROWS}


def test_a_403_without_a_rate_limit_is_not_retried():
    with pytest.raises(errors.GiveUp):
        TABLE.check(Answer(403, {"x-ratelimit-remaining": "12"}, b'{"message": "Must have admin rights."}'))


def test_a_missing_permission_on_the_last_call_of_the_hour_is_not_a_rate_limit():
    with pytest.raises(errors.MissingScope):
        TABLE.check(Answer(403, {"x-ratelimit-remaining": "0"}, b'{"message": "Resource not accessible by X"}'))


def test_the_wait_for_a_reset_is_between_one_second_and_one_hour():
    for reset, wait in ((NOON - 100, 1.0), (NOON + 10_000_000, 3600.0)):
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        with time_machine.travel(NOON, tick=False), pytest.raises(errors.RateLimited) as caught:
            TABLE.check(Answer(403, headers))
        assert caught.value.retry_after == wait


def test_what_was_sent_is_not_repeated_in_an_error():
    body = {
        "message": "x",
        "errors": [{"resource": "Issue", "field": "a secret!", "code": "invalid", "value": "s3cret"}],
    }
    with pytest.raises(errors.InvalidCall) as caught:
        TABLE.check(Answer(422, {}, json.dumps(body).encode()))
    assert "secret" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_readme_has_every_row():
    text = (Path(__file__).parent / "README.md").read_text()
    for code, means in TABLE.codes.items():
        assert f"| `{code}` | {means.error.__name__} | {means.error.next} | {means.meaning} |" in text
    for status, means in STATUSES.items():
        assert f"| `http_{status}` | {means.error.__name__} | {means.error.next} | {means.meaning} |" in text


def test_a_limit_is_recognised_by_its_message_if_a_proxy_removed_the_headers():
    body = json.dumps({"message": "API rate limit exceeded for user ID 1."}).encode()
    with pytest.raises(errors.RateLimited) as caught:
        TABLE.check(Answer(403, {}, body))
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 60.0)
