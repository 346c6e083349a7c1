"""Every row of the error table has an example, and every example raises the error of its row."""

import json
from pathlib import Path

import pytest

from plugfn import errors
from plugfn.net.answer import Answer
from plugfn.providers.http.definition import STATUSES, provider

HERE = Path(__file__).parent
ROWS = json.loads((HERE / "fixtures" / "errors.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["status"]))
def test_an_answer_means_what_the_table_says(row):
    with pytest.raises(errors.PlugFnError) as caught:
        provider.errors.check(Answer(row["status"], row["headers"], row["body"].encode()))
    error = caught.value
    assert (type(error).__name__, str(error.next), error.code) == (row["error"], row["next"], row["code"])
    for name in ("retry_after", "maybe_done"):
        assert name not in row or getattr(error, name) == row[name]
    assert not row["body"] or row["body"] not in str(error)


def test_every_row_has_an_example():
    assert set(STATUSES) <= {row["status"] for row in ROWS}


def test_the_readme_has_every_row():
    document = (HERE / "README.md").read_text()
    assert [status for status in STATUSES if f"`http_{status}`" not in document] == []
