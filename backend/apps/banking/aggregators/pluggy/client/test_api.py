"""Every call uses the shared key, renews the lease, is counted, and shows no secret."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.conftest import CLIENT_ID, pages_of
from apps.banking.aggregators.pluggy.errors import (
    CredentialsRefused,
    Gone,
    KeyRejected,
    PluggyPermanent,
)
from lib.errors import Permanent, PonteError, Temporary, Unexpected
from plugfn.testing.stub_http import reply, reset

NOT_AUTHORIZED = reply({"code": 403, "message": "Missing or invalid authorization token"}, 403)


# --- The key ---


def test_the_key_is_fetched_once_and_sent_with_each_call(client, pluggy):
    client.item("1")
    client.item("1")
    assert [request.json for request in pluggy.made("/auth")] == [
        {"clientId": CLIENT_ID, "clientSecret": "pluggy_sk_hush"}
    ]
    assert [request.headers["x-api-key"] for request in pluggy.made("/items/1")] == pluggy.issued * 2
    assert "x-api-key" not in pluggy.made("/auth")[0].headers


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_replaced_once_and_the_call_repeated(client, pluggy, status):
    refusal = reply({"code": status, "message": "Missing or invalid authorization token"}, status)
    pluggy.answer = lambda request: reply({"id": "1"}) if request.headers["x-api-key"] == pluggy.issued[-1] else refusal
    client.item("1")
    pluggy.issued.append("revoked-for-the-test")
    pluggy.issued.append("and-nothing-is-accepted-but-the-next")
    assert client.item("1") == {"id": "1"}
    assert len(pluggy.made("/auth")) == 2


def test_a_key_that_is_refused_twice_is_an_error_after_two_calls(client, pluggy):
    pluggy.answer = lambda _: NOT_AUTHORIZED
    with pytest.raises(KeyRejected) as caught:
        client.item("1")
    assert caught.value.code == "HTTP_403"
    assert len(pluggy.made("/items/1")) == 2
    assert len(pluggy.made("/auth")) == 2


def test_a_missing_permission_does_not_replace_the_key(client, pluggy):
    body = {"code": 403, "codeDescription": "LIST_ITEMS_FEATURE_NOT_ENABLED", "message": "not enabled"}
    pluggy.answer = lambda _: reply(body, 403)
    with pytest.raises(PluggyPermanent):
        list(client.items())
    assert len(pluggy.made("/auth")) == 1


def test_fifty_calls_with_an_expired_key_fetch_one_new_key(client, pluggy):
    client.item("1")
    expired = pluggy.issued[-1]
    pluggy.answer = lambda request: NOT_AUTHORIZED if request.headers["x-api-key"] == expired else reply({"id": "1"})
    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(lambda _: client.item("1"), range(50))) == [{"id": "1"}] * 50
    assert len(pluggy.made("/auth")) == 2


def test_refused_credentials_cost_one_call_and_log_an_error(client, pluggy):
    body = {"code": 401, "codeDescription": "CLIENT_KEYS_UNAUTHORIZED", "message": "Client keys are invalid"}
    pluggy.authenticate = lambda _: reply(body, 401)
    for _ in range(3):
        with pytest.raises(CredentialsRefused) as caught:
            client.item("1")
        assert isinstance(caught.value, Unexpected)
    assert len(pluggy.requests) == 1
    assert "hush" not in str(caught.value)


def test_a_bare_401_from_auth_is_a_refusal_too(client, pluggy):
    pluggy.authenticate = lambda _: reply({"message": "Unauthorized"}, 401)
    with pytest.raises(CredentialsRefused):
        client.item("1")


@pytest.mark.parametrize(
    "body", [{}, [], {"apiKey": None}, {"apiKey": 5}, {"apiKey": "a\r\nX-Evil: 1"}, {"apiKey": "é"}]
)
def test_an_answer_without_a_usable_key_is_unexpected(client, pluggy, body):
    pluggy.authenticate = lambda _: reply(body)
    with pytest.raises(Unexpected) as caught:
        client.item("1")
    assert caught.value.code == "NO_KEY"


# --- Hooks, logs and errors ---


def test_the_lease_is_renewed_before_every_call_auth_and_pages_included(make_client, pluggy):
    counts = []
    client = make_client(before_call=lambda: counts.append(len(pluggy.requests)))
    pluggy.answer = pages_of(3)
    list(client.transactions("a"))
    assert counts == [0, 1, 2, 3]


def test_when_the_lease_is_lost_nothing_is_sent(make_client, pluggy):
    class LeaseLost(Exception):
        pass

    def lose():
        raise LeaseLost

    with pytest.raises(LeaseLost):
        make_client(before_call=lose).item("1")
    assert pluggy.requests == []


def test_each_task_has_its_own_hooks_and_shares_everything_else(client, pluggy):
    first, second = [], []
    client.with_hooks(before_call=lambda: first.append(1)).item("1")
    client.with_hooks(before_call=lambda: second.append(1)).item("1")
    client.item("1")
    assert (len(first), len(second)) == (2, 1)  # one of first was for the key
    assert len(pluggy.made("/auth")) == 1


def test_each_call_is_reported_for_metrics(make_client, pluggy):
    calls = []
    client = make_client(after_call=calls.append)
    pluggy.answer = lambda _: reply({"code": 404, "message": ""}, 404)
    with pytest.raises(Gone):
        client.item("1")
    pluggy.answer = lambda _: reset
    with pytest.raises(Temporary):
        client.item("1")
    assert [(call.endpoint, call.outcome) for call in calls] == [("auth", "200"), ("item", "404"), ("item", "reset")]
    assert all(0 <= call.seconds < 5 for call in calls)


def test_no_secret_or_body_shows_in_logs_errors_or_redis(client, pluggy, redis, caplog):
    caplog.set_level(logging.DEBUG)
    pluggy.answer = lambda _: reply({"code": 500, "message": "for 761.092.776-73"}, 500)
    with pytest.raises(PonteError) as caught:
        client.answer_mfa("1", {"token": "otp-998877"})
    shown = caplog.text + str(caught.value) + repr(caught.value) + repr(vars(caught.value)) + repr(client)
    for secret in ("hush", "otp-998877", "761.092", *pluggy.issued):
        assert secret not in shown
    assert not any(b"hush" in (redis.dump(key) or b"") for key in redis.scan_iter())
    assert not any(CLIENT_ID.encode() in key for key in redis.scan_iter())


@pytest.mark.parametrize(
    "bad", ["", "..", ".", "../accounts", "1/2", "1?x=y", "%2e%2e", "a b", "é", "-1", "x" * 101, "1\n"]
)
def test_an_id_that_would_change_the_path_is_refused_before_any_call(client, pluggy, bad):
    with pytest.raises(Permanent) as caught:
        client.item(bad)
    assert caught.value.code == "INVALID_ID"
    assert pluggy.requests == []


def test_without_redis_no_call_is_made(pluggy):
    nowhere = Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Temporary):
        PluggyClient(pluggy.url, CLIENT_ID, "x", redis=nowhere).item("1")
    assert pluggy.requests == []


def test_a_key_is_renewed_before_it_ends(client, pluggy):
    with time_machine.travel(time.time(), tick=True) as clock:
        client.item("1")
        clock.shift(0.95 * 7200)
        client.item("1")
    assert len(pluggy.made("/auth")) == 2
    assert pluggy.made("/items/1")[-1].headers["x-api-key"] == pluggy.issued[1]
