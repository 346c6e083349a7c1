"""The checks name missing settings and never show a value."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.banking.aggregators.pluggy.application import REQUIRED, from_settings
from apps.banking.aggregators.pluggy.configuration import check_configuration


@pytest.mark.parametrize("name", REQUIRED.values())
def test_a_missing_variable_is_named_by_the_factory_and_by_the_check(settings, name):
    setattr(settings, name, "")
    with pytest.raises(ImproperlyConfigured, match=name):
        from_settings()[0].calls()
    assert [message.msg for message in check_configuration()] == [f"{name} is not set."]
    assert check_configuration()[0].is_serious()


def test_with_debug_a_missing_variable_is_only_a_warning(settings):
    settings.DEBUG, settings.PLUGGY_CLIENT_ID = True, ""
    (message,) = check_configuration()
    assert not message.is_serious(level=40)


def test_complete_settings_pass_and_make_a_client(settings):
    settings.PLUGGY_API_URL = "https://api.pluggy.ai"
    assert check_configuration() == []
    assert from_settings()[0].calls().item


def test_all_tasks_of_a_process_share_its_connections():
    (application,) = from_settings()
    first, second = application.calls(before_call=lambda: None), application.calls()
    assert first is not second
    assert first._api._http is second._api._http


@pytest.mark.parametrize("url", ["api.pluggy.ai", "ftp://x", "https://user:hunter2@api.pluggy.ai", "https://x?a=1"])
def test_an_unusable_address_is_an_error_that_does_not_show_it(settings, url):
    settings.PLUGGY_API_URL = url
    (message,) = check_configuration()
    assert message.id == "banking.pluggy.E002"
    assert url not in message.msg
    assert "hunter2" not in message.msg


@pytest.mark.parametrize(
    ("url", "debug", "errors"),
    [
        ("http://api.example.com", False, 1),
        ("http://api.example.com", True, 0),
        ("http://127.0.0.1:3210", False, 0),
        ("http://localhost:3210", False, 0),
        ("http://localhost.evil.example", False, 1),
        ("https://api.example.com", False, 0),
    ],
)
def test_the_api_url_must_be_https_except_on_this_machine(settings, url, debug, errors):
    settings.PLUGGY_API_URL, settings.DEBUG = url, debug
    assert len(check_configuration()) == errors
