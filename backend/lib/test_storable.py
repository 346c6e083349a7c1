"""PostgreSQL accepts every value that storable() returns, and storable() changes nothing else."""

import json

import pytest
from django.db import DataError, connection, transaction

from lib.storable import storable, storable_text


def test_each_character_that_postgresql_refuses_is_replaced():
    assert storable_text("a\x00b\ud800c\udfffd") == "a\ufffdb\ufffdc\ufffdd"


def test_other_text_is_unchanged():
    text = "São Paulo \U0001f600 \x01\t\n\ufffe"
    assert storable_text(text) == text


def test_names_and_values_are_replaced_at_any_depth():
    assert storable({"a\x00": ["\ud800", {"b": "c\x00"}]}) == {"a\ufffd": ["\ufffd", {"b": "c\ufffd"}]}


def test_other_values_are_returned_as_they_are():
    assert storable([1, None, True, 2.5]) == [1, None, True, 2.5]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_postgresql_stores_the_result_as_jsonb_but_not_the_original(text):
    with connection.cursor() as cursor:
        with pytest.raises(DataError), transaction.atomic():
            cursor.execute("SELECT %s::jsonb", [json.dumps(text)])
        cursor.execute("SELECT %s::jsonb #>> '{}'", [json.dumps(storable(text))])
        assert cursor.fetchone() == ("\ufffd",)
