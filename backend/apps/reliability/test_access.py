"""Who may read the metrics."""

import pytest
from django.test import Client

from lib.client_address import trusted_proxies

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-metrics-token-for-tests-alone"


@pytest.fixture(autouse=True)
def without_a_proxy(settings):
    settings.TRUSTED_PROXIES = trusted_proxies([])


def status(**options) -> int:
    headers = options.pop("headers", {"host": "localhost"})
    return Client().get("/metrics", headers=headers, **options).status_code


def test_without_a_token_only_this_machine_may_read():
    assert status(REMOTE_ADDR="127.0.0.1") == 200
    assert status(REMOTE_ADDR="::1") == 200
    assert status(REMOTE_ADDR="10.0.0.5") == 404
    assert status(REMOTE_ADDR="") == 404


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])
def test_without_a_token_a_request_through_a_proxy_is_refused(header):
    assert status(headers={"host": "localhost", header: "127.0.0.1"}) == 404


def test_without_a_token_a_proxy_that_adds_no_header_is_refused(settings):
    # Such a proxy on this machine looks like a program on this machine.
    settings.TRUSTED_PROXIES = trusted_proxies([], in_front=True)
    assert status(REMOTE_ADDR="127.0.0.1") == 404
    settings.TRUSTED_PROXIES = trusted_proxies(["127.0.0.1"], in_front=True)
    assert status(REMOTE_ADDR="127.0.0.1") == 404
    assert status(REMOTE_ADDR="127.0.0.1", headers={"host": "localhost", "x-forwarded-for": "203.0.113.9"}) == 404
    settings.TRUSTED_PROXIES = trusted_proxies(["10.0.0.5"], in_front=True)
    assert status(REMOTE_ADDR="10.0.0.5", headers={"host": "localhost", "x-forwarded-for": "127.0.0.1"}) == 404
    assert status(REMOTE_ADDR="127.0.0.1") == 200


def test_without_a_token_another_host_name_is_refused(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert status(headers={"host": "evil.example.com"}) == 404
    assert status(headers={"host": "evil.example.com:8000"}) == 404
    assert status(headers={"host": "127.0.0.1:8000"}) == 200


def test_with_a_token_only_a_request_with_it_may_read(settings):
    settings.METRICS_TOKEN = TOKEN
    assert status() == 401
    for wrong in ("", "Bearer ", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x", "Bearer ção"):
        assert status(headers={"host": "localhost", "authorization": wrong}) == 401
    right = {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "203.0.113.9"}
    assert status(headers=right, REMOTE_ADDR="10.0.0.5") == 200
