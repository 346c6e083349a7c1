"""All workers together respect Pluggy's limits, and stop calling Pluggy when it fails."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.banking.aggregators.pluggy.client import api
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.conftest import pages_of
from apps.banking.aggregators.pluggy.errors import OutcomeUnknown, PluggyTemporary
from core.documents import BACKEND
from lib.errors import PonteError, Temporary, Throttled
from plugfn.testing.stub_http import reply

# --- Budgets ---


def test_fifty_workers_never_send_more_than_the_budget(make_client, pluggy):
    clients = [make_client(share=0.05) for _ in range(5)]  # 18 a minute

    def work(number):
        try:
            clients[number % 5].item("1")
        except Throttled:
            return 0
        return 1

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(work, range(200))) == 18
    assert len(pluggy.made("/items/1")) == 18


def test_worker_processes_share_the_budget(pluggy, redis, tmp_path):
    code = """
import django, os, sys
django.setup()
from redis import Redis
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from lib.errors import Throttled
client = PluggyClient(sys.argv[1], "an-id", "a-secret", redis=Redis.from_url(os.environ["REDIS_URL"]), share=0.1)
for _ in range(40):
    try:
        client.item("1")
    except Throttled:
        pass
"""
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    workers = [subprocess.Popen([sys.executable, "-c", code, pluggy.url], env=environment) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert len(pluggy.made("/items/1")) == 36


def test_updates_of_items_have_a_budget_of_19_a_minute(client, pluggy):
    for _ in range(19):
        client.refresh_item("1")
    with pytest.raises(Throttled) as caught:
        client.refresh_item("1")
    assert 0 < caught.value.retry_after <= 63
    client.item("1")  # reading has its own


def test_each_application_has_its_own_budget(pluggy, redis):
    for name in ("one", "two"):
        PluggyClient(pluggy.url, name, "s", redis=redis, share=0.003).item("1")


def test_a_limit_that_pluggy_announces_stops_all_workers_until_it_is_over(make_client, pluggy):
    pluggy.answer = lambda _: reply({"code": 429, "message": "Too many requests"}, 429, {"Retry-After": "1"})
    with pytest.raises(PluggyTemporary) as caught:
        make_client().item("1")
    assert caught.value.retry_after == 1
    pluggy.answer = lambda _: reply({"id": "1"})
    with pytest.raises(Throttled):
        make_client().item("1")
    assert len(pluggy.made("/items/1")) == 1
    time.sleep(1.01)
    make_client().item("1")


def test_the_monthly_limit_of_a_bank_does_not_stop_other_calls(client, pluggy):
    body = {"code": 429, "codeDescription": "BALANCE_OPEN_FINANCE_RATE_LIMIT", "message": "quota"}
    pluggy.answer = lambda _: reply(body, 429)
    with pytest.raises(PluggyTemporary):
        client.balance("1")
    pluggy.answer = lambda _: reply({"balance": 1})
    assert client.balance("2") == {"balance": 1}


def test_the_next_page_waits_for_its_budget_and_renews_the_lease_meanwhile(make_client, pluggy, monkeypatch, redis):
    monkeypatch.setattr(api, "TICK_SECONDS", 0.05)
    renewed = []
    client = make_client(share=2 / 360, before_call=lambda: renewed.append(1))
    pluggy.answer = pages_of(4)
    walk = client.transactions("a")
    first = [next(walk), next(walk)]
    calls = len(renewed)
    threading.Timer(0.4, lambda: [redis.delete(key) for key in redis.keys("budget:*transactions*")]).start()
    assert [row["id"] for page in [*first, *walk] for row in page] == ["0", "1", "2", "3"]
    assert len(renewed) > calls + 4


def test_a_page_that_would_wait_too_long_is_throttled(make_client, pluggy):
    client = make_client(share=2 / 360, patience=5)
    pluggy.answer = pages_of(4)
    walk = client.transactions("a")
    next(walk), next(walk)
    began = time.monotonic()
    with pytest.raises(Throttled):
        next(walk)
    assert time.monotonic() - began < 2


def test_work_with_a_lease_waits_for_every_call_except_the_first(make_client, monkeypatch, redis):
    monkeypatch.setattr(api, "TICK_SECONDS", 0.05)
    client = make_client(share=2 / 360)
    renewed = []
    work = client.with_hooks(before_call=lambda: renewed.append(1))
    work.item("1"), work.item("2")
    threading.Timer(0.4, lambda: [redis.delete(key) for key in redis.keys("budget:*items*")]).start()
    work.item("3")
    assert len(renewed) > 6
    client.item("4")  # the second of the new two
    with pytest.raises(Throttled):
        client.with_hooks(before_call=lambda: None).item("5")


def test_a_web_request_never_waits(make_client):
    client = make_client(share=2 / 360).with_hooks()
    client.item("1"), client.item("2")
    began = time.monotonic()
    with pytest.raises(Throttled):
        client.item("3")
    assert time.monotonic() - began < 1


def test_the_first_page_never_waits(make_client, pluggy):
    client = make_client(share=1 / 360)
    pluggy.answer = pages_of(1)
    list(client.transactions("a"))
    with pytest.raises(Throttled):
        list(client.transactions("a"))


# --- Breakers ---


def failing_calls(client, count, call=lambda client: client.item("1")):
    for _ in range(count):
        with pytest.raises(PonteError):
            call(client)


def test_when_pluggy_keeps_failing_no_worker_calls_it(make_client, pluggy):
    pluggy.answer = lambda _: reply({"code": 500, "message": ""}, 500)
    failing_calls(make_client(), 5)
    with pytest.raises(Throttled) as caught:
        make_client().item("1")
    assert 50 < caught.value.retry_after <= 66
    assert len(pluggy.made("/items/1")) == 5


def test_errors_of_one_request_do_not_open_the_breaker(client, pluggy):
    pluggy.answer = lambda _: reply({"code": 404, "codeDescription": "ITEM_NOT_FOUND", "message": ""}, 404)
    failing_calls(client, 12)
    assert len(pluggy.made("/items/1")) == 12


def test_a_bank_that_keeps_failing_stops_only_its_own_calls(client, pluggy):
    down = {"code": 502, "codeDescription": "BALANCE_CONNECTOR_UNAVAILABLE", "message": ""}
    pluggy.answer = lambda _: reply(down, 502)
    failing_calls(client, 5, lambda client: client.balance("1", connector_id=601))
    with pytest.raises(Throttled):
        client.balance("1", connector_id=601)
    pluggy.answer = lambda _: reply({"balance": 1, "id": "1"})
    client.balance("2", connector_id=602)
    client.item("1")


def test_a_probe_that_is_answered_closes_the_breaker_again(client, pluggy, redis):
    pluggy.answer = lambda _: reply({"code": 500, "message": ""}, 500)
    failing_calls(client, 5)
    (key,) = redis.keys("circuit:*")
    redis.hset(key, "until", 1)
    pluggy.answer = lambda _: reply({"id": "1"})
    client.item("1")
    assert not redis.exists(key)


def test_a_failure_of_pluggy_does_not_count_against_the_bank(client, pluggy, redis):
    down = {"code": 502, "codeDescription": "BALANCE_CONNECTOR_UNAVAILABLE", "message": ""}
    pluggy.answer = lambda _: reply(down, 502)
    failing_calls(client, 4, lambda client: client.balance("1", connector_id=601))
    pluggy.answer = lambda _: reply({"code": 500, "message": ""}, 500)
    failing_calls(client, 1, lambda client: client.balance("1", connector_id=601))
    (bank,) = redis.keys("circuit:*601")
    assert redis.hget(bank, "failures") == b"4"
    pluggy.answer = lambda _: reply({"balance": 1})
    client.balance("1", connector_id=601)
    assert not redis.exists(bank)


@pytest.mark.parametrize("status", [200, 500])
def test_a_failure_of_redis_after_a_call_does_not_change_its_outcome(client, pluggy, redis, monkeypatch, status):
    def gone(_):
        raise Temporary("no Redis")

    pluggy.answer = lambda _: reply({"code": 500, "message": ""}, 500)
    failing_calls(client, 1)
    monkeypatch.setattr(api.Breaker, "succeed", gone)
    monkeypatch.setattr(api.Breaker, "fail", gone)
    pluggy.answer = lambda _: reply({"id": "1", "code": status, "message": ""}, status)
    if status == 200:
        assert client.create_item(2, {"user": "u"})["id"] == "1"
    else:
        with pytest.raises(OutcomeUnknown):
            client.create_item(2, {"user": "u"})
