"""All processes share the counts of calls, and counting never stops a call."""

import socket

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.banking.aggregators.calls import counter, read_calls
from apps.banking.aggregators.pluggy.application import from_settings
from lib.errors import Temporary


def test_all_processes_share_one_count_and_a_wiped_redis_starts_at_zero():
    broker = redis.Redis.from_url(settings.REDIS_URL)
    for process in (counter(broker, "pluggy"), counter(redis.Redis.from_url(settings.REDIS_URL), "pluggy")):
        process("item", "200", 0.25)
    assert read_calls(broker).counts == {("pluggy", "item", "200"): 2}
    assert read_calls(broker).seconds == {("pluggy", "item"): 0.5}
    broker.flushdb()
    assert read_calls(broker).counts == {}
    counter(broker, "pluggy")("auth", "timeout", 1)
    assert read_calls(broker).counts == {("pluggy", "auth", "timeout"): 1}


def test_each_call_of_the_configured_client_is_counted(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.PLUGGY_API_URL = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(Temporary):
        from_settings()[0].calls().item("a5c763cb-0952-457b-9936-630f161c5f7a")
    broker = redis.Redis.from_url(settings.REDIS_URL)
    assert read_calls(broker).counts == {("pluggy", "auth", "refused"): 1}


def test_a_call_succeeds_even_if_it_cannot_be_counted():
    unreachable = redis.Redis(port=9, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
    counter(unreachable, "pluggy")("item", "200", 0.1)
