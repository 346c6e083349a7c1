"""The SendGrid emulator: what it accepts, what it refuses, and that SendGrid's own library accepts its signatures."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from sandbox.conftest import Process

GOOD = {
    "personalizations": [{"to": [{"email": "ana@example.com"}]}],
    "from": {"email": "nota@example.com", "name": "Notas"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi</p>"}],
    "custom_args": {"reference": "r1"},
}


class Running(Process):
    def __init__(self):
        super().__init__("sendgrid")
        self.keys = self.ask("/_sandbox/sendgrid")[1]

    def ask(self, path, document=None, key=None):
        """(status, decoded body, headers)"""
        body = None if document is None else json.dumps(document).encode()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            with urlopen(Request(self.url + path, body, headers), timeout=10) as answer:
                return answer.status, json.loads(answer.read() or "null"), answer.headers
        except HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or "null"), refused.headers

    def send(self, **changed):
        return self.ask("/v3/mail/send", {**GOOD, **changed}, self.keys["api_key"])


@pytest.fixture(scope="module")
def _running():
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def sendgrid(_running):
    _running.ask("/_sandbox/reset", {})
    return _running


def test_a_good_request_is_accepted_with_an_id_and_no_body(sendgrid):
    status, body, headers = sendgrid.send()
    assert (status, body) == (202, None)
    assert [(mail["message_id"], mail["body"]) for mail in sendgrid.ask("/_sandbox/mails")[1]] == [
        (headers["X-Message-Id"], GOOD)
    ]


def test_sandbox_mode_sends_nothing(sendgrid):
    assert sendgrid.send(mail_settings={"sandbox_mode": {"enable": True}})[0] == 200
    assert sendgrid.ask("/_sandbox/mails")[1] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "ana"}]}]}, "personalizations.0.to.0.email"),
        (
            {"personalizations": [{"to": [{"email": "a@x.com"}], "bcc": [{"email": "A@x.com"}]}]},
            "personalizations.0",
        ),
        ({"from": None}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": GOOD["content"][::-1]}, "content"),
        ({"attachments": [{"content": "x", "filename": "a"}]}, "attachments.0.content"),
        ({"headers": {"Bcc": "a@x.com"}}, "headers.Bcc"),
        ({"custom_args": {"n": 1}}, "custom_args"),
    ],
)
def test_a_wrong_field_is_named(sendgrid, wrong, field):
    status, body, _headers = sendgrid.send(**wrong)
    assert status == 400
    assert field in [error["field"] for error in body["errors"]]


def test_requests_need_a_key_with_the_right_scope(sendgrid):
    assert sendgrid.ask("/v3/scopes", key="SG.wrong")[0] == 401
    assert sendgrid.ask("/v3/mail/send", GOOD, sendgrid.keys["limited_key"])[0] == 403
    assert "mail.send" in sendgrid.ask("/v3/scopes", key=sendgrid.keys["api_key"])[1]["scopes"]


def test_sendgrids_library_accepts_its_signature(sendgrid):
    headers = sendgrid.ask("/_sandbox/sign", {"body": "[]", "timestamp": "1588788367"})[1]
    signature, stamp = (headers[f"X-Twilio-Email-Event-Webhook-{name}"] for name in ("Signature", "Timestamp"))
    oracle = EventWebhook(sendgrid.keys["public_key"])
    assert oracle.verify_signature("[]", signature, stamp)
    assert not oracle.verify_signature("[ ]", signature, stamp)
