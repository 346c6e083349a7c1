"""All workers share one key: one worker fetches and renews it in time, and Redis holds it sealed."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.banking.aggregators.pluggy.client import keys
from apps.banking.aggregators.pluggy.client.keys import KeyCache, lifetime
from apps.banking.aggregators.pluggy.conftest import jwt
from apps.banking.aggregators.pluggy.errors import CredentialsRefused
from core.documents import BACKEND
from lib.errors import Temporary


class Issuer:
    """Counts the keys that it issues, slowly enough for many workers to ask at the same time."""

    def __init__(self, life=7200, seconds=0.0):
        self.count, self.life, self.seconds = 0, life, seconds
        self.lock = threading.Lock()

    def __call__(self):
        with self.lock:
            self.count += 1
            number = self.count
        time.sleep(self.seconds)
        return jwt(number, life=self.life)


def test_a_key_is_fetched_once_and_then_shared(redis):
    issuer = Issuer()
    first = KeyCache(redis, "app", issuer).get()
    assert KeyCache(redis, "app", issuer).get() == first
    assert issuer.count == 1


def test_many_threads_without_a_key_make_one_fetch(redis):
    issuer = Issuer(seconds=0.3)
    with ThreadPoolExecutor(30) as pool:
        got = list(pool.map(lambda _: KeyCache(redis, "app", issuer).get(), range(30)))
    assert issuer.count == 1
    assert len(set(got)) == 1


def test_a_storm_of_refusals_makes_one_fetch(redis):
    issuer = Issuer(seconds=0.3)
    cache = KeyCache(redis, "app", issuer)
    old = cache.get()
    with ThreadPoolExecutor(30) as pool:
        got = list(pool.map(lambda _: KeyCache(redis, "app", issuer).replace(old), range(30)))
    assert issuer.count == 2
    assert set(got) == {cache.get()}
    assert old not in got


def test_processes_share_one_key(redis, process_environment_without_database):
    code = """
import sys
import django
django.setup()
import os
from redis import Redis
from apps.banking.aggregators.pluggy.client.keys import KeyCache
from apps.banking.aggregators.pluggy.conftest import jwt
redis = Redis.from_url(os.environ["REDIS_URL"])
def fetch():
    import time
    time.sleep(0.2)
    return jwt(redis.incr("issued"))
print(KeyCache(redis, "app", fetch).get())
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=process_environment_without_database, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    got = {process.communicate(timeout=60)[0].strip() for process in started}
    assert redis.get("issued") == b"1"
    assert len(got) == 1


@pytest.fixture
def process_environment_without_database():
    return {**os.environ, "PYTHONPATH": str(BACKEND)}


def test_at_nine_tenths_of_a_keys_life_one_worker_fetches_and_the_others_use_the_old_key(redis):
    issuer = Issuer()
    with time_machine.travel(0, tick=True) as clock:
        old = KeyCache(redis, "app", issuer).get()
        clock.shift(0.89 * 7200)
        assert KeyCache(redis, "app", issuer).get() == old
        clock.shift(0.02 * 7200)
        issuer.seconds = 0.5
        with ThreadPoolExecutor(10) as pool:
            got = list(pool.map(lambda _: KeyCache(redis, "app", issuer).get(), range(10)))
    assert issuer.count == 2
    assert got.count(old) >= 5


def test_a_key_expires_in_redis_when_it_ends(redis):
    KeyCache(redis, "app", Issuer(life=100)).get()
    assert 95_000 < redis.pttl("pluggy:app:key") <= 100_000


def test_a_key_is_not_readable_in_redis(redis):
    key = KeyCache(redis, "app", Issuer()).get()
    stored = redis.get("pluggy:app:key")
    assert key.encode() not in stored
    assert key.split(".")[1].encode() not in stored


def test_a_key_sealed_with_a_removed_encryption_key_is_fetched_again(redis, settings):
    issuer = Issuer()
    KeyCache(redis, "app", issuer).get()
    settings.ENCRYPTION_KEYS = ["A" * 43 + "="]
    KeyCache(redis, "app", issuer).get()
    assert issuer.count == 2


def test_after_a_refusal_no_worker_sends_the_credentials_for_a_minute(redis):
    asked = []

    def refuse():
        asked.append(1)
        raise CredentialsRefused("no", code="CLIENT_KEYS_UNAUTHORIZED")

    for _ in range(5):
        with pytest.raises(CredentialsRefused):
            KeyCache(redis, "app", refuse).get()
    assert len(asked) == 1
    assert 0 < redis.ttl("pluggy:app:refused") <= 60


def test_a_failed_fetch_leaves_no_lock_behind(redis):
    def fail():
        raise Temporary("down")

    for _ in range(2):
        with pytest.raises(Temporary, match="down"):
            KeyCache(redis, "app", fail).get()
    assert not redis.exists("pluggy:app:key-lock")


def test_when_the_fetching_worker_dies_the_others_stop_waiting(redis, monkeypatch):
    monkeypatch.setattr(keys, "WAIT_SECONDS", 0.2)
    redis.set("pluggy:app:key-lock", "a worker that is no more", ex=45)
    with pytest.raises(Temporary, match="renewing"):
        KeyCache(redis, "app", Issuer()).get()


def test_a_worker_does_not_release_the_lock_of_another(redis):
    def overtaken():
        redis.set("pluggy:app:key-lock", "another")
        return jwt()

    KeyCache(redis, "app", overtaken).get()
    assert redis.get("pluggy:app:key-lock") == b"another"


def test_without_redis_there_is_no_key():
    nowhere = Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Temporary, match="Redis"):
        KeyCache(nowhere, "app", Issuer()).get()


UNCLEAR = ("", "opaque", "a.b.c", "a.bm90IGpzb24.c", "a.W10.c", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOjF9.c")


@pytest.mark.parametrize("key", UNCLEAR)
def test_a_key_without_a_lifetime_counts_as_valid_for_two_hours(key):
    assert lifetime(key) == 7200


def test_the_lifetime_of_a_key_is_limited():
    assert lifetime(jwt(life=10**9)) == 7200


def test_a_server_whose_clock_is_wrong_does_not_matter():
    with time_machine.travel("2030-01-01"):
        key = jwt(life=600)
    assert lifetime(key) == 600
