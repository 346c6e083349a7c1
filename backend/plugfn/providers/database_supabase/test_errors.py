"""Every row of the error table, each with an answer as Supabase sends it."""

import json
from pathlib import Path

import pytest

from plugfn import errors
from plugfn.net.answer import Answer
from plugfn.providers.database_supabase.errors import ERRORS, STATUSES

ROWS = json.loads((Path(__file__).parent / "fixtures" / "errors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_an_answer_means_what_its_row_says(row):
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    with pytest.raises(errors.PlugFnError) as caught:
        ERRORS.check(Answer(row["status"], body=body.encode()))
    assert type(caught.value) is getattr(errors, row["error"])
    expected = row["body"].get("code", row["code"]) if isinstance(row["body"], dict) else row["code"]
    assert caught.value.code == expected
    if isinstance(row["body"], dict):
        assert row["body"]["message"] not in str(caught.value)


def test_every_row_has_an_example():
    assert set(ERRORS.codes) <= {row["code"] for row in ROWS}
    assert set(STATUSES) <= {row["status"] for row in ROWS}


def test_the_readme_has_every_row():
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    for code, means in ERRORS.codes.items():
        assert f"| `{code}` | {means.meaning} | `{means.error.__name__}` |" in text
    for status, means in STATUSES.items():
        assert f"| `http_{status}` | {means.meaning} | `{means.error.__name__}` |" in text


@pytest.mark.parametrize("code", ["PGRST999", "", "x" * 500, 7, None])
def test_an_unknown_code_falls_back_to_the_status(code):
    with pytest.raises((errors.Unexpected, errors.InvalidCall)):
        ERRORS.check(Answer(418 if code == "PGRST999" else 400, body=json.dumps({"code": code}).encode()))
