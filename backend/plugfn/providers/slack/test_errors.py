"""Every row of the error table, each with an answer as Slack sends it."""

import json
from pathlib import Path

import pytest

from plugfn import errors
from plugfn.net.answer import Answer
from plugfn.providers.slack.errors import TABLE

ROWS = json.loads((Path(__file__).parent / "fixtures" / "errors.json").read_text())


def answer_of(row):
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    return Answer(row["status"], row["headers"], body.encode())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_an_error_means_what_its_row_says(row):
    with pytest.raises(errors.PlugFnError) as caught:
        TABLE.check(answer_of(row))
    assert type(caught.value).__name__ == row["error"]
    assert caught.value.code == row["code"]
    if "detail" in row:
        assert str(caught.value).endswith(f"({row['detail']})")
    if "retry_after" in row:
        assert caught.value.retry_after == row["retry_after"]


def test_every_row_has_an_example():
    assert set(TABLE.codes) <= {row["code"] for row in ROWS}


def test_an_answer_that_is_ok_passes():
    TABLE.check(Answer(200, {}, b'{"ok": true}'))


@pytest.mark.parametrize("body", [b'{"ok": "yes"}', b"{}", b'{"ok": false}', b'{"ok": 1}'])
def test_an_answer_without_ok_true_is_an_error(body):
    with pytest.raises(errors.Unexpected):
        TABLE.check(Answer(200, {}, body))


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
def test_an_internal_error_of_slack_may_have_posted_the_message(code):
    with pytest.raises(errors.Unavailable) as caught:
        TABLE.check(Answer(200, {}, json.dumps({"ok": False, "error": code}).encode()))
    assert caught.value.maybe_done is True


def test_only_well_formed_scopes_are_shown():
    body = {"ok": False, "error": "missing_scope", "needed": "xoxb-<secret>"}
    with pytest.raises(errors.MissingScope) as caught:
        TABLE.check(Answer(200, {}, json.dumps(body).encode()))
    assert "xoxb" not in str(caught.value)


def test_the_readme_has_every_row():
    text = (Path(__file__).parent / "README.md").read_text()
    for code, means in TABLE.codes.items():
        assert f"| `{code}` | {means.error.__name__} | {means.error.next} | {means.meaning} |" in text
