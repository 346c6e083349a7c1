"""What `check --deploy` says about the installation as a whole."""

import pytest
from django.core.checks import run_checks

from core.checks import check_keys, check_proxies
from lib.client_address import trusted_proxies


@pytest.mark.parametrize(
    ("setting", "bad", "expected"),
    [
        ("ENCRYPTION_KEYS", ["not a key"], "ponte.E001"),
        ("INDEX_KEY", "short", "ponte.E002"),
        ("WEBHOOK_TOKEN_KEYS", ["INDEX_KEY", "not a key"], "ponte.E003"),
    ],
)
def test_a_malformed_key_is_reported_by_the_name_of_its_setting(settings, setting, bad, expected):
    assert check_keys() == []
    setattr(settings, setting, bad)
    (message,) = check_keys()
    assert message.id == expected
    assert setting in message.msg
    assert "not a key" not in message.msg


@pytest.mark.parametrize(
    ("listed", "in_front", "expected"),
    [([], True, ["ponte.W001"]), ([], False, []), (["127.0.0.1"], True, []), (["unix"], True, [])],
)
def test_a_proxy_that_is_not_listed_is_reported(settings, listed, in_front, expected):
    settings.TRUSTED_PROXIES = trusted_proxies(listed, in_front=in_front)
    assert [message.id for message in check_proxies()] == expected


@pytest.mark.django_db
def test_the_check_of_proxies_runs_only_for_a_deployment(settings):
    settings.TRUSTED_PROXIES = trusted_proxies([], in_front=True)
    assert "ponte.W001" not in {message.id for message in run_checks()}
    assert "ponte.W001" in {message.id for message in run_checks(include_deployment_checks=True)}
