"""Every row of the error table, each with an answer that we wrote ourselves."""

import json
from pathlib import Path

import pytest

from plugfn import errors as tree
from plugfn.errors import PlugFnError
from plugfn.net.answer import Answer
from plugfn.providers.whatsapp_uazapi.errors import CODES, ERRORS, STATUSES

ROWS = json.loads((Path(__file__).parent / "fixtures" / "errors.json").read_text())


def answer_of(row):
    body = row["body"]
    return Answer(row["status"], row["headers"], (body if isinstance(body, str) else json.dumps(body)).encode())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']}-{row['code']}")
def test_an_error_means_what_its_row_says_and_repeats_nothing_of_the_answer(row):
    with pytest.raises(PlugFnError) as caught:
        ERRORS.check(answer_of(row))
    assert type(caught.value) is getattr(tree, row["error"])
    assert caught.value.code == row["code"]
    assert "5511900000000" not in str(caught.value) + json.dumps(caught.value.as_dict())


def test_every_row_of_the_table_has_an_example():
    seen = {row["code"] for row in ROWS}
    assert set(CODES) <= seen
    assert {f"http_{status}" for status in STATUSES} <= seen


@pytest.mark.parametrize(
    "body", [{"messageid": "3EB0", "error": ""}, {"messages": [{"error": "old trouble"}]}, [{"error": "x"}], {}]
)
def test_an_empty_or_nested_error_field_is_no_error(body):
    ERRORS.check(Answer(200, {}, json.dumps(body).encode()))


def test_a_number_that_is_not_on_whatsapp_is_the_callers_error_despite_status_500():
    with pytest.raises(PlugFnError) as caught:
        ERRORS.check(Answer(500, {}, b'{"error": "the number 1@s.whatsapp.net is not on WhatsApp"}'))
    assert str(caught.value.next) == "fix_call"
