"""The widget's settings: where the script is, what the page's policy allows, and what the checks refuse."""

import pytest

from apps.banking.widget.checks import check_widget
from apps.banking.widget.options import frame_origin, sdk_url, sdk_version, widget_options
from apps.banking.widget.policy import widget_policy

SANDBOX = "http://127.0.0.1:9000/pluggy-connect.js"


def ids(messages) -> list[str]:
    return [message.id for message in messages]


def test_one_variable_goes_back_to_another_version(settings):
    assert sdk_url() == "https://cdn.pluggy.ai/pluggy-connect/v2.9.2/pluggy-connect.js"
    settings.PLUGGY_CONNECT_SDK_VERSION = "v2.8.2"
    assert sdk_url() == "https://cdn.pluggy.ai/pluggy-connect/v2.8.2/pluggy-connect.js"
    assert (sdk_version(), frame_origin()) == ("v2.8.2", "https://connect.pluggy.ai")


def test_an_address_of_ones_own_wins_and_brings_its_own_frame(settings):
    settings.PLUGGY_CONNECT_SDK_URL = SANDBOX
    assert (sdk_url(), sdk_version(), frame_origin()) == (SANDBOX, "custom", "http://127.0.0.1:9000")


def test_the_policy_allows_the_script_its_frame_and_its_style_and_no_more(settings):
    policy = widget_policy()
    assert policy["script-src"] == ["https://cdn.pluggy.ai/pluggy-connect/v2.9.2/pluggy-connect.js"]
    assert policy["frame-src"] == ["https://connect.pluggy.ai"]
    assert policy["style-src-elem"] == ["'self'", "'unsafe-inline'"]
    assert set(policy) == {"script-src", "frame-src", "connect-src", "img-src", "style-src-elem"}
    settings.PLUGGY_CONNECT_SDK_URL = SANDBOX
    policy = widget_policy()
    assert (policy["script-src"], policy["frame-src"]) == ([SANDBOX], ["http://127.0.0.1:9000"])
    assert (policy["connect-src"], policy["img-src"]) == ([], [])


def test_the_widget_gets_only_the_options_that_are_set(settings):
    assert widget_options(False) == {"includeSandbox": False, "allowConnectInBackground": True}
    settings.CONNECT_CONNECTOR_IDS, settings.CONNECT_COUNTRIES = ["2", "600"], ["BR"]
    options = widget_options(True, "an-item")
    assert (options["connectorIds"], options["countries"], options["updateItem"]) == ([2, 600], ["BR"], "an-item")
    assert options["includeSandbox"] is True


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PLUGGY_CONNECT_SDK_URL", "http://example.com/widget.js", "banking.E004"),
        ("PLUGGY_CONNECT_SDK_URL", "https://example.com/a.js; script-src *", "banking.E004"),
        ("PLUGGY_CONNECT_SDK_URL", "javascript:alert(1)", "banking.E004"),
        ("PLUGGY_CONNECT_SDK_URL", "https://[example.com/a.js", "banking.E004"),
        ("PLUGGY_CONNECT_SDK_VERSION", "2.9.2", "banking.E005"),
        ("PLUGGY_CONNECT_SDK_VERSION", "v2.9.2/../../x", "banking.E005"),
        ("PLUGGY_CONNECT_SDK_VERSION", "latest", "banking.W002"),
        ("CONNECT_CONNECTOR_IDS", ["2", "itau"], "banking.E006"),
        ("CONNECT_COUNTRIES", ["BR", "US"], "banking.E007"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(settings, name, value, found):
    setattr(settings, name, value)
    (message,) = check_widget()
    assert message.id == found
    assert name in message.msg
    assert "example.com" not in message.msg


def test_the_defaults_and_the_sandboxs_script_are_right(settings):
    assert check_widget() == []
    settings.PLUGGY_CONNECT_SDK_URL = SANDBOX
    assert check_widget() == []
