"""Every row of the table of PostgreSQL's codes, each with a server's answer."""

import json
import time
from pathlib import Path

import psycopg
import pytest

from plugfn import errors
from plugfn.database.sqlstates import CODES
from plugfn.providers.database_postgres.failures import BROKEN, failure

ROWS = json.loads((Path(__file__).parent / "fixtures" / "errors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["sqlstate"])
def test_a_code_means_what_its_row_says_and_the_servers_text_is_dropped(row):
    error = failure(psycopg.errors.lookup(row["sqlstate"])(row["message"]))
    assert type(error) is getattr(errors, row["error"])
    assert error.code == row["sqlstate"]
    assert row["message"] not in str(error)


def test_every_row_has_an_example():
    assert {row["code"] for row in ROWS} == set(CODES)


@pytest.mark.parametrize("code", ["2F000", "P0001", "HV000"])
def test_a_code_of_an_unknown_class_is_an_invalid_call(code):
    assert type(failure(psycopg.errors.lookup(code)("x"))) is errors.InvalidCall


def test_the_readme_has_every_row():
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    for code, means in CODES.items():
        assert f"| `{code}` | {means.meaning} | `{means.error.__name__}` |" in text


def test_a_long_refusal_takes_no_longer_than_a_short_one():
    """29,500 characters, which libpq passes on, took half a second."""
    long = "role database " * 100_000
    begun = time.process_time()
    assert failure(psycopg.OperationalError(long)).code == BROKEN
    assert time.process_time() - begun < 5
    assert failure(psycopg.OperationalError(f'FATAL: role "ana" does not exist {long}')).code == "28000"
