"""The cache is empty while Valkey is down, and no page waits for it."""

import time

import pytest
from django.core.cache import caches

from core import cache as ours

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def down(settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    ours._down.clear()
    return caches["default"]


def test_values_are_kept_while_valkey_answers():
    cache = caches["default"]
    cache.set("a", [1, 2])
    assert (cache.get("a"), cache.add("a", 3), cache.add("b", 3), cache.has_key("b")) == ([1, 2], False, True, True)
    cache.delete("a")
    assert cache.get("a", "none") == "none"


def test_without_valkey_nothing_is_kept_and_nothing_fails(down, caplog):
    assert down.add("a", 1)
    down.set("a", 1)
    down.set_many({"a": 1})
    down.delete_many(["a"])
    assert (down.get("a"), down.get("a", "none"), down.get("a", default=[])) == (None, "none", [])
    assert (down.get_many(["a"]), down.has_key("a"), down.delete("a"), down.touch("a")) == ({}, False, False, False)
    assert caplog.text.count("the cache is empty") == 1


def test_it_asks_again_after_a_pause(down, monkeypatch, caplog):
    down.get("a")
    monkeypatch.setattr(ours, "PAUSE", 0)
    ours._down.clear()
    down.get("a")
    time.sleep(0.01)
    down.get("a")
    assert caplog.text.count("the cache is empty") == 3
