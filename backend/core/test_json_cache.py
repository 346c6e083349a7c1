"""The cache holds JSON: a process that can write into Valkey cannot run code here."""

import os
import pickle

import pytest
from django.core.cache import cache
from redis import Redis


class Attack:
    """Unpickling it creates a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_in_valkey_is_an_error_and_not_run(tmp_path):
    planted = tmp_path / "planted"
    Redis.from_url(os.environ["REDIS_URL"]).set(cache.make_key("x"), pickle.dumps(Attack(planted)))
    with pytest.raises(ValueError):
        cache.get("x")
    assert not planted.exists()


@pytest.mark.parametrize("value", [0, 7, -1, True, False, 1.5, "text", "7", "ção", [1, "a", None], {"a": {"b": [1]}}])
def test_a_value_comes_back_as_it_was(value):
    cache.set("x", value, 60)
    found = cache.get("x")
    assert found == value
    assert type(found) is type(value)


def test_counters_stay_numbers_that_valkey_can_add_to():
    assert cache.add("x", 1, 60)
    assert not cache.add("x", 1, 60)
    assert cache.incr("x") == 2
    assert cache.get_many(["x"]) == {"x": 2}


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        cache.set("x", object())
