"""One key for all workers: fetched by one, renewed in time, and kept sealed."""

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
from lib.errors import Temporary


class Issuer:
    """Counts the keys it issues; slow enough for a crowd to gather."""

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


def test_a_crowd_without_a_key_makes_one_fetch(redis):
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
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_at_nine_tenths_of_its_life_one_fetches_while_the_others_use_the_old_one(redis):
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


def test_a_key_ends_in_redis_with_its_life(redis):
    KeyCache(redis, "app", Issuer(life=100)).get()
    assert 95_000 < redis.pttl("pluggy:app:key") <= 100_000


def test_a_key_is_not_readable_in_redis(redis):
    key = KeyCache(redis, "app", Issuer()).get()
    kept = redis.get("pluggy:app:key")
    assert key.encode() not in kept
    assert key.split(".")[1].encode() not in kept


def test_a_key_sealed_with_a_dropped_encryption_key_is_fetched_anew(redis, settings):
    issuer = Issuer()
    KeyCache(redis, "app", issuer).get()
    settings.ENCRYPTION_KEYS = ["A" * 43 + "="]
    KeyCache(redis, "app", issuer).get()
    assert issuer.count == 2


def test_refused_credentials_are_not_tried_again_by_anybody_for_a_minute(redis):
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


def test_when_the_one_who_fetches_died_the_others_stop_waiting(redis, monkeypatch):
    monkeypatch.setattr(keys, "WAIT_SECONDS", 0.2)
    redis.set("pluggy:app:key-lock", "a worker that is no more", ex=45)
    with pytest.raises(Temporary, match="being renewed"):
        KeyCache(redis, "app", Issuer()).get()


def test_nobody_frees_anothers_lock(redis):
    def overtaken():
        redis.set("pluggy:app:key-lock", "another")
        return jwt()

    KeyCache(redis, "app", overtaken).get()
    assert redis.get("pluggy:app:key-lock") == b"another"


def test_without_redis_there_is_no_key():
    nowhere = Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Temporary, match="cannot be read"):
        KeyCache(nowhere, "app", Issuer()).get()


UNCLEAR = ("", "opaque", "a.b.c", "a.bm90IGpzb24.c", "a.W10.c", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOjF9.c")


@pytest.mark.parametrize("key", UNCLEAR)
def test_a_key_that_does_not_say_how_long_it_lives_is_taken_for_two_hours(key):
    assert lifetime(key) == 7200


def test_a_key_that_claims_to_live_for_ever_is_not_believed():
    assert lifetime(jwt(life=10**9)) == 7200


def test_a_server_whose_clock_is_wrong_does_not_matter():
    with time_machine.travel("2030-01-01"):
        key = jwt(life=600)
    assert lifetime(key) == 600
