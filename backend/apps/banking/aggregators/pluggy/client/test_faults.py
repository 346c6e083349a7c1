"""Each fault of a server becomes one typed error after one request."""

import pytest

from apps.banking.aggregators.pluggy.client import api
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.conftest import CLIENT_ID
from apps.banking.aggregators.pluggy.errors import (
    Gone,
    OutcomeUnknown,
    PluggyTemporary,
)
from lib.errors import Permanent, Temporary, Unexpected
from lib.transport import new_session
from plugfn.testing.stub_http import drip, hang, reply, reset, reset_after

# --- Network and HTTP ---


@pytest.fixture
def impatient(make_client, monkeypatch):
    """A client whose timeouts are short."""
    monkeypatch.setattr(api.JsonClient, "__init__", _quick(api.JsonClient.__init__))
    return make_client()


def _quick(real):
    def init(self, base_url, **options):
        quick = {"connect_seconds": 0.5, "read_seconds": 0.4, "answer_seconds": 0.8, "max_bytes": 50_000}
        options["session"] = options.get("session") or (lambda: new_session(0.8, loopback=True))
        real(self, base_url, **{**options, **quick})

    return init


FAULTS = {
    "500": (
        reply({"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": ""}, 500),
        "INTERNAL_SERVER_ERROR",
    ),
    "502 in HTML": (reply(b"<html>Bad gateway</html>", 502), "HTTP_502"),
    "503": (reply({"code": 503, "message": "maintenance"}, 503), "HTTP_503"),
    "504 without a body": (reply(b"", 504), "HTTP_504"),
    "hang": (hang, "timeout"),
    "reset": (reset, "reset"),
    "reset in the middle of the body": (reset_after(reply({"id": "1"}, length=500)), "reset"),
    "a body that never ends": (drip(b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.05), "timeout"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_temporary_fault_is_not_retried_by_the_client(impatient, pluggy, name):
    behaviour, code = FAULTS[name]
    pluggy.answer = lambda _: behaviour
    with pytest.raises(Temporary) as caught:
        impatient.item("1")
    assert caught.value.code == code
    assert len(pluggy.made("/items/1")) == 1


@pytest.mark.parametrize("body", [b'{"id": "1", "st', b"<html>Sign in</html>", b" " * 60_000])
def test_a_success_that_cannot_be_read_is_unexpected(impatient, pluggy, body):
    pluggy.answer = lambda _: reply(body)
    with pytest.raises(Unexpected):
        impatient.item("1")


@pytest.mark.parametrize("body", [None, [], "x", {}, {"id": None}, {"status": "UPDATED"}])
def test_a_success_without_its_object_is_unexpected(client, pluggy, body):
    pluggy.answer = lambda _: reply(body)
    with pytest.raises(Unexpected) as caught:
        client.item("1")
    assert caught.value.code == "NOT_AN_OBJECT"


def test_an_error_that_comes_with_status_200_is_an_error(client, pluggy):
    pluggy.answer = lambda _: reply({"code": 404, "codeDescription": "ITEM_NOT_FOUND", "message": "item not found"})
    with pytest.raises(Gone):
        client.item("1")


def test_unknown_fields_and_values_pass_and_missing_ones_do_no_harm(client, pluggy):
    pluggy.answer = lambda _: reply({"id": "1", "status": "HIBERNATING", "tomorrow": {"a": 1}})
    assert client.item("1")["status"] == "HIBERNATING"
    assert client.item("1")["tomorrow"] == {"a": 1}


# --- Calls that must not be repeated ---


@pytest.mark.parametrize("name", FAULTS)
def test_a_creation_with_an_unknown_outcome_is_never_repeated(impatient, pluggy, name):
    pluggy.answer = lambda _: FAULTS[name][0]
    with pytest.raises(OutcomeUnknown) as caught:
        impatient.create_item(0, {"user": "u", "password": "hush"})
    assert isinstance(caught.value, Permanent)
    assert len(pluggy.made("/items")) == 1
    assert "hush" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("body", [b'{"id": "1', b"<html>ok</html>", b"{}", b"", b"[]"])
def test_a_creation_with_an_unreadable_answer_has_an_unknown_outcome(impatient, pluggy, body):
    pluggy.answer = lambda _: reply(body)
    with pytest.raises(OutcomeUnknown):
        impatient.create_item(0, {"user": "u"})


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.update_item("1", parameters={"password": "x"}),
        lambda client: client.answer_mfa("1", {"token": "123456"}),
    ],
)
def test_a_login_with_an_unknown_outcome_is_never_repeated(impatient, pluggy, call):
    pluggy.answer = lambda _: reset
    with pytest.raises(OutcomeUnknown):
        call(impatient)


def test_a_clear_refusal_has_a_known_outcome(client, pluggy):
    pluggy.answer = lambda _: reply({"code": 429, "message": "Too many requests"}, 429, {"Retry-After": "1"})
    with pytest.raises(PluggyTemporary) as caught:
        client.create_item(0, {"user": "u"})
    assert caught.value.retry_after == 1


def test_a_creation_that_was_never_sent_is_temporary(redis):
    client = PluggyClient("http://127.0.0.1:9", CLIENT_ID, "x", redis=redis)
    with pytest.raises(Temporary) as caught:
        client.create_item(0, {"user": "u"})
    assert caught.value.code == "refused"


def test_a_plain_refresh_may_be_repeated(impatient, pluggy):
    pluggy.answer = lambda _: reset
    with pytest.raises(Temporary):
        impatient.refresh_item("1")
