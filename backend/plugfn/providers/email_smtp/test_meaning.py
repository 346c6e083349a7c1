"""Every refusal of a server raises the error of its row, in the table and over the network."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn import errors
from plugfn.errors import PlugFnError
from plugfn.providers.email_smtp.conftest import PLAIN
from plugfn.providers.email_smtp.meaning import CODES, OTHER_5XX, Stage, means, refusal

ROWS = json.loads((Path(__file__).parent / "fixtures" / "refusals.json").read_text())
STAGES = {"connect": "greeting", "login": "auth", "sender": "mail", "recipient": "rcpt", "message": "end"}


def test_every_row_of_the_table_has_an_example():
    shown = {(Stage(row["stage"]), row["code"]) for row in ROWS}
    assert set(CODES) <= shown
    for stage in OTHER_5XX:
        assert any(at == stage and 500 <= code < 600 and (at, code) not in CODES for at, code in shown)
        assert {(stage, 421)} <= shown
    assert {stage for stage, code in shown if 400 <= code < 500 and (stage, code) not in CODES} == set(Stage)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['stage']}-{row['code']}")
async def test_a_refusal_raises_the_error_of_its_row_and_nothing_is_sent(server, row):
    server.fault(STAGES[row["stage"]], code=row["code"], text=f"{row['text']} <ana@example.com>")
    with pytest.raises(PlugFnError) as refused:
        await server.send(PLAIN)
    assert type(refused.value) is getattr(errors, row["error"])
    assert refused.value.code == f"smtp_{row['code']}"
    assert row["text"].split()[0] in str(refused.value)
    assert "ana@" not in repr(refused.value.as_dict())
    assert not getattr(refused.value, "maybe_done", False)
    assert server.mails() == []


@given(st.sampled_from(list(Stage)), st.integers(-1, 999), st.text())
def test_any_answer_has_a_meaning_and_its_text_is_not_repeated(stage, code, text):
    error = refusal(stage, code, f"<ana@example.com> {text}")
    assert isinstance(error, means(stage, code).error)
    assert "ana@example.com" not in str(error)
    if 400 <= code < 600:
        assert type(error) is not errors.Unexpected
