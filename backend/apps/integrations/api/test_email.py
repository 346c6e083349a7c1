"""E-mail by the REST API: mail servers and SendGrid, attachments, and what must never go into a header."""

import base64
import json

import pytest

from apps.integrations.models import Integration, Send
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/integrations/email"
REPORT = {"to": ["ana@example.com"], "subject": "Relatório", "body": "<h1>Relatório</h1>", "cc": ["bia@example.com"]}
SENDGRID_KEY = "SG.sandbox-only-key.all-of-the-scopes-for-tests-0123456789"


def mails(smtp) -> list[dict]:
    return smtp.control("GET", "/mails")


def server_of(smtp) -> dict:
    where = smtp.control("GET", "/smtp")
    login = {"username": where["username"], "password": where["password"]}
    return {"provider": "smtp", "host": where["host"], "port": where["plain"], "use_tls": False, **login}


def test_a_mail_server_is_connected_and_tested(program, smtp):
    status, answer = program.post(f"{BASE}/configure", {**server_of(smtp), "from_email": "nota@example.com"})
    assert status == 200, answer
    assert (answer["integration"]["type"], answer["integration"]["status"]) == ("email_smtp", "connected")
    assert answer["integration"]["credentials"]["password"]["set"] is True
    assert server_of(smtp)["password"] not in json.dumps(answer)
    status, answer = program.post(f"{BASE}/test")
    assert (status, answer["message"]) == (200, "Connection successful")
    wrong = {**server_of(smtp), "from_email": "nota@example.com", "password": "wrong"}
    status, answer = program.post(f"{BASE}/configure", wrong)
    assert (status, answer["error_code"]) == (409, "INVALID_CREDENTIALS")
    assert program.post(f"{BASE}/test")[0] == 200


def test_sendgrid_is_connected_beside_it_and_a_call_says_which(program, mail, emulators, settings, run_due):
    sendgrid = emulators("sendgrid")
    settings.PLUGFN_PROVIDERS["email_sendgrid"]["api_url"] = sendgrid.url
    from apps.integrations import plug

    plug._made.cache_clear()
    try:
        key = {"provider": "sendgrid", "api_key": SENDGRID_KEY, "from_email": "nota@example.com"}
        status, answer = program.post(f"{BASE}/configure", key)
        assert status == 200, answer
        number = answer["integration"]["id"]
        assert answer["webhook"]["url"].endswith("/") or answer["webhook"]["is_set"]
        # The address that was entered at SendGrid still holds, and is never shown again.
        status, answer = program.patch(f"/api/integrations/{number}", {"credentials": {"from_name": "Nota"}})
        assert (status, answer["webhook"]) == (200, None)
        assert program.post(f"{BASE}/send", REPORT)[1]["error_code"] == "SEVERAL_INTEGRATIONS"
        assert program.post(f"{BASE}/send", {**REPORT, "integration": number})[0] == 202
        run_due()
        (request,) = sendgrid.requests("/v3/mail/send")
        assert "Relatório" in str(request["body"])
    finally:
        del settings.PLUGFN_PROVIDERS["email_sendgrid"]["api_url"]
        plug._made.cache_clear()


def test_html_goes_out_as_it_is_with_copies_and_files(program, mail, smtp, run_due):
    script = "<script>alert(1)</script><p>Oi</p>"
    file = {"filename": "nota.pdf", "content": base64.b64encode(b"%PDF" * 50_000).decode()}
    body = {**REPORT, "body": script, "bcc": ["eva@example.com"], "attachments": [file], "reply_to": "sac@example.com"}
    status, answer = program.post(f"{BASE}/send", body)
    assert status == 202, answer
    run_due()
    (arrived,) = mails(smtp)
    assert base64.b64encode(script.encode())[:20].decode() in arrived["data"] or "<script>" in arrived["data"]
    assert "nota.pdf" in arrived["data"]
    assert "eva@example.com" not in arrived["data"]
    assert script not in json.dumps(program.get("/api/integrations/sends/")[1])


def test_a_mail_that_is_too_large_is_413_and_stores_nothing(program, mail, tenant):
    file = {"filename": "a.bin", "content": base64.b64encode(bytes(30_000_000)).decode()}
    status, answer = program.post(f"{BASE}/send", {**REPORT, "attachments": [file]})
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")
    assert answer["details"]["limit"] == 3 * 1024 * 1024
    status, answer = program.post(f"{BASE}/configure", {"provider": "smtp", "host": "x" * 70_000})
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")
    with client_rows(tenant.pk):
        assert not Send.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "x\r\nBcc: eve@example.com"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"to": ["ana@example.com\r\nBcc: eve@example.com"]}, "to.0.email"),
        ({"to": "ana@example.com"}, "to"),
        ({"to": []}, "to"),
        ({"cc": ["nobody"]}, "cc.0.email"),
        ({"reply_to": "a@example.com\nX: y"}, "reply_to.email"),
        ({"attachments": [{"filename": "../a", "content": "YQ=="}]}, "attachments.0.filename"),
        ({"attachments": [{"filename": "a", "content": "%%"}]}, "attachments.0.content"),
        ({"body": None}, "body"),
        ({"headers": {"Bcc": "eve@example.com"}}, "headers"),
    ],
)
def test_headers_cannot_be_injected_and_wrong_fields_are_named(program, mail, tenant, change, field):
    status, answer = program.post(f"{BASE}/send", {**REPORT, **change})
    assert (status, answer["error_code"]) == (400, "INVALID_INPUT")
    assert list(answer["details"]) == [field], answer
    assert "eve@" not in json.dumps(answer)
    with client_rows(tenant.pk):
        assert not Send.objects.exists()


def test_a_sender_that_is_not_the_connections_fails_before_anything_is_sent(program, mail, smtp, run_due):
    number = program.post(f"{BASE}/send", {**REPORT, "from_email": "boss@example.com"})[1]["message_id"]
    run_due()
    assert program.get(f"/api/integrations/sends/{number}")[1]["send"]["state"] == "failed"
    assert mails(smtp) == []


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"host": "10.0.0.7"}, 403, "ADDRESS_NOT_ALLOWED", "code"),
        ({"host": "a b"}, 400, "INVALID_INPUT", "host"),
        ({"api_key": "SG.x"}, 400, "INVALID_INPUT", "api_key"),
        ({"from_email": "nobody"}, 400, "INVALID_INPUT", "from_email"),
        ({"provider": "pigeon"}, 400, "INVALID_INPUT", "provider"),
        ({"use_tls": "yes"}, 400, "INVALID_INPUT", "use_tls"),
    ],
)
def test_wrong_servers_are_refused(program, tenant, change, status, code, field):
    body = {"provider": "smtp", "host": "mail.example.com", "port": 587, "from_email": "nota@example.com", **change}
    answer = program.post(f"{BASE}/configure", body)
    assert (answer[0], answer[1]["error_code"], list(answer[1]["details"])) == (status, code, [field])
    with client_rows(tenant.pk):
        assert not Integration.objects.exists()
