"""The SMTP emulator, tested with the standard library's client."""

import json
import smtplib
import ssl
from urllib.request import Request, urlopen

import pytest

from sandbox.conftest import Process

MESSAGE = "Subject: Hello\r\n\r\n.Hi\r\n"


class Running(Process):
    def __init__(self):
        super().__init__("smtp")
        self.where = self.ask("/smtp")

    def ask(self, path, document=None):
        body = None if document is None else json.dumps(document).encode()
        with urlopen(Request(f"{self.url}/_sandbox{path}", body), timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def context(self):
        return ssl.create_default_context(cadata=self.where["ca_pem"])

    def client(self, name="starttls", user=None):
        port = self.where[name]
        if name == "tls":
            found = smtplib.SMTP_SSL("127.0.0.1", port, timeout=10, context=self.context())
        else:
            found = smtplib.SMTP("127.0.0.1", port, timeout=10)
        if name == "starttls":
            found.starttls(context=self.context())
        if user:
            found.login(user, self.where["password"])
        return found


@pytest.fixture(scope="module")
def _running():
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def smtp(_running):
    _running.ask("/reset", {})
    return _running


@pytest.mark.parametrize("name", ["plain", "starttls", "tls"])
def test_a_mail_is_kept_with_its_envelope(smtp, name):
    with smtp.client(name, smtp.where["username"]) as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MESSAGE)
    (mail,) = smtp.ask("/mails")
    assert (mail["from"], mail["to"], mail["data"]) == ("a@example.com", ["b@example.com", "c@example.com"], MESSAGE)
    assert (mail["tls"], mail["user"]) == (name != "plain", smtp.where["username"])


def test_a_wrong_password_is_refused(smtp):
    with smtp.client() as client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login(smtp.where["username"], "wrong")
    assert refused.value.smtp_code == 535


def test_no_password_is_asked_for_before_tls(smtp):
    with smtplib.SMTP("127.0.0.1", smtp.where["starttls"], timeout=10) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")


def test_one_address_can_be_refused(smtp):
    smtp.ask("/smtp/faults", {"stage": "rcpt", "address": "b@example.com", "code": 550, "text": "5.1.1 unknown"})
    with smtp.client() as client:
        refused = client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MESSAGE)
    assert refused == {"b@example.com": (550, b"5.1.1 unknown")}
    assert smtp.ask("/mails")[0]["to"] == ["c@example.com"]


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data", "content", "end", "accepted"])
def test_the_connection_can_be_dropped_at_any_stage(smtp, stage):
    smtp.ask("/smtp/faults", {"stage": stage, "kind": "drop"})
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)), smtp.client("plain") as client:
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)
    assert len(smtp.ask("/mails")) == (stage == "accepted")
    with smtp.client("plain") as client:
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)


def test_extensions_can_be_changed_and_hidden(smtp):
    smtp.ask("/smtp/extensions", {"SIZE": "SIZE 100", "SMTPUTF8": None})
    with smtp.client() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100"
        assert not client.has_extn("smtputf8")


def test_a_wrong_fault_is_refused(smtp):
    with pytest.raises(OSError, match="400"):
        smtp.ask("/smtp/faults", {"stage": "lunch"})
