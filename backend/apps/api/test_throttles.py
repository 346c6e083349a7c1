"""Calls are limited by person, by client, and by address for strangers."""

import logging

import pytest

from apps.clients.factories import MembershipFactory
from lib.client_address import trusted_proxies

pytestmark = pytest.mark.django_db


def test_a_person_makes_only_so_many_calls_with_all_their_tokens(caller, settings):
    settings.API_CALLS_PER_USER = 3
    member = MembershipFactory()
    first, second, other = caller(member), caller(member), caller(MembershipFactory())
    assert [first.get("/api/me/")[0] for _ in range(2)] == [200, 200]
    assert second.get("/api/me/")[0] == 200
    status, answer = second.get("/api/me/")
    assert (status, answer["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(second.answer["Retry-After"]) <= 64
    assert other.get("/api/me/")[0] == 200


def test_the_people_of_a_client_share_a_limit(caller, settings):
    settings.API_CALLS_PER_CLIENT = 2
    member = MembershipFactory()
    colleague = MembershipFactory(client=member.client)
    assert caller(member).get("/api/me/")[0] == 200
    assert caller(colleague).get("/api/me/")[0] == 200
    assert caller(colleague).get("/api/me/")[0] == 429


def test_calls_that_are_refused_count_too(caller, settings):
    settings.API_CALLS_PER_USER = 2
    program = caller(MembershipFactory(), "read")
    assert [program.delete("/api/tokens/1/")[0] for _ in range(3)] == [403, 403, 429]


def test_calls_with_a_wrong_token_are_limited_by_address(stranger, caller, settings):
    settings.API_CALLS_PER_ADDRESS = 2
    settings.TRUSTED_PROXIES = trusted_proxies([])
    stranger.token = "ponte_x"
    assert [stranger.get("/api/me/")[0] for _ in range(3)] == [401, 401, 429]
    assert stranger.call("GET", "/api/me/", REMOTE_ADDR="203.0.113.9")[0] == 401
    assert caller(MembershipFactory()).get("/api/me/")[0] == 200


def test_without_valkey_calls_are_allowed_and_it_is_logged(caller, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.API_CALLS_PER_USER = 1
    program = caller(MembershipFactory())
    with caplog.at_level(logging.WARNING):
        assert [program.get("/api/me/")[0] for _ in range(3)] == [200, 200, 200]
    assert "calls of the API are not limited" in caplog.text
