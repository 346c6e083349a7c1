"""What an item asks of its person is read from parts that Pluggy hardly documents, and nothing unsafe gets through."""

import pytest

from apps.banking.aggregators.contract import Ask
from apps.banking.aggregators.pluggy.told import told
from apps.banking.aggregators.verdict import Action, Health

PAGE = "https://banco.example/authorise"
PNG = "iVBORw0KGgo" * 8
INPUT, ACTION = "WAITING_USER_INPUT", "WAITING_USER_ACTION"


def asked(status, **extra):
    return told({"status": status, "execution_status": status, "extra": extra})


def parameter(**more):
    return asked(INPUT, parameter={"name": "token", "label": "Código", **more})


def action(kind, **attributes):
    return asked(ACTION, userAction={"type": kind, "instructions": "Abra o aplicativo.", "attributes": attributes})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("text", Ask.TEXT), ("number", Ask.NUMBER), ("password", Ask.PASSWORD), ("a kind of tomorrow", Ask.TEXT)],
)
def test_a_code_is_asked_for_by_its_kind(kind, expected):
    found = parameter(type=kind, instructions="Enviamos um SMS.", expiresAt="2026-11-20T12:05:00.000Z")
    assert (found.verdict.action, found.request.kind, found.request.name) == (Action.ANSWER_MFA, expected, "token")
    assert (found.request.label, found.request.instructions) == ("Código", "Enviamos um SMS.")
    assert found.request.expires_at.isoformat() == "2026-11-20T12:05:00+00:00"
    assert found.request.wants_value


def test_a_choice_has_its_options_and_a_picture_its_data():
    options = [{"value": "sms", "label": "SMS"}, {"value": "email"}, {"label": "none"}, "x"]
    assert parameter(type="select", options=options).request.options == (("sms", "SMS"), ("email", "email"))
    assert parameter(type="image", data=PNG).request.image == f"data:image/png;base64,{PNG}"
    whole = f"data:image/jpeg;base64,{PNG}"
    assert parameter(type="image", data=whole).request.image == whole


@pytest.mark.parametrize("data", [f"data:text/html;base64,{PNG}", "<svg onload=x>", "javascript:x", 7, None])
def test_no_other_data_is_a_picture_or_a_link(data):
    request = parameter(type="image", data=data).request
    assert (request.kind, request.image, request.link) == (Ask.IMAGE, "", "")


def test_the_banks_own_page_wants_no_value_and_has_its_own_words():
    found = parameter(type="oauth", data=PAGE)
    assert (found.verdict.health, found.verdict.action) == (Health.NEEDS_USER, Action.AUTHORIZE_AT_BANK)
    assert (found.request.kind, found.request.link, found.request.wants_value) == (Ask.LINK, PAGE, False)


@pytest.mark.parametrize("data", ["http://banco.example/", "javascript:x", "https://", "ftp://x", "https://[x"])
def test_an_unsafe_address_is_no_link(data):
    assert parameter(type="text", data=data).request.link == ""
    assert parameter(type="text", data=data).verdict.action is Action.ANSWER_MFA
    assert action("act", url=data).request.link == ""


@pytest.mark.parametrize("name", ["data", "qrCode", "code"])
def test_a_code_to_scan_is_found_under_each_name(name):
    found = action("qr", **{name: "00020126"})
    assert (found.verdict.action, found.request.kind) == (Action.AUTHORIZE_AT_BANK, Ask.QR)
    assert (found.request.code, found.request.image, found.request.link) == ("00020126", "", "")
    assert found.request.instructions == "Abra o aplicativo."


def test_a_code_that_comes_as_a_picture_is_shown_as_it_is():
    request = action("qr", image=PNG).request
    assert (request.code, request.image) == ("", f"data:image/png;base64,{PNG}")


def test_something_to_do_at_the_bank_may_have_a_page():
    assert (action("act", url=PAGE).request.kind, action("act", url=PAGE).request.link) == (Ask.ACT, PAGE)


@pytest.mark.parametrize("extra", [{}, {"parameter": "x", "userAction": 7}, {"parameter": {"name": 3}}, {"error": []}])
def test_parts_of_another_form_are_left_out(extra):
    found = asked(INPUT, **extra)
    assert (found.request, found.bank_message) == (None, "")


def test_the_banks_message_is_told_and_an_unvisited_item_is_under_way():
    message = {"code": "ACCOUNT_NEEDS_ACTION", "providerMessage": "Atualize o cadastro."}
    assert asked("LOGIN_ERROR", error=message).bank_message == "Atualize o cadastro."
    assert told({"status": "", "extra": {}}).verdict.health is Health.IN_PROGRESS
