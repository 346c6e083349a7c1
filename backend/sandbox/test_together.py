"""All emulators in one process: their addresses, and the page of the mails."""

import base64
import smtplib
import sys
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import requests

from sandbox import keys
from sandbox.conftest import Process
from sandbox.together import NAMES, main

PICTURE = base64.b64encode(b"a picture").decode()


class Together(Process):
    """`urls`: by name. `smtp`: the SMTP server's port. The session asks the page of the mails, in English."""

    def __init__(self):
        super().__init__("__main__")
        rest = [self.process.stdout.readline().strip() for _ in NAMES[1:]]
        self.urls = {line.partition(" ")[0]: line.rpartition(" ")[2] for line in (self.line, *rest)}
        self.url = self.urls["smtp"]
        self.smtp = self.call("GET", "/_sandbox/smtp")["plain"]
        self.session.headers["Accept-Language"] = "en"

    def send_by_smtp(self, message, to="ana@example.com"):
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as client:
            client.login(keys.SMTP_USERNAME, keys.SMTP_PASSWORD)
            client.sendmail("ponte@example.com", [to], message)

    def send_by_sendgrid(self, **more):
        body = {
            "personalizations": [{"to": [{"email": "bia@example.com"}]}],
            "from": {"email": "nota@example.com", "name": "Notas"},
            "subject": "By SendGrid",
            "content": [{"type": "text/html", "value": '<p>oi <img src="cid:logo"></p>'}],
        }
        headers = {"Authorization": f"Bearer {keys.SENDGRID_API_KEY}"}
        url = f"{self.urls['sendgrid']}/v3/mail/send"
        assert requests.post(url, json=body | more, headers=headers, timeout=10).status_code == 202


@pytest.fixture(scope="module")
def _together():
    running = Together()
    yield running
    assert running.stop() == 0


@pytest.fixture
def together(_together):
    _together.call("POST", "/forget")
    return _together


def test_each_emulator_listens_at_an_address_of_its_own(together):
    assert set(together.urls) == set(NAMES)
    assert len(set(together.urls.values())) == len(NAMES)
    table = f"{together.urls['supabase']}/rest/v1/vendas"
    sales = requests.get(table, headers={"apikey": keys.SUPABASE_KEY}, timeout=10).json()
    assert len(sales) == 12
    assert {"Padaria Sol", "Mercado Lua"} < {sale["cliente"] for sale in sales}


@pytest.mark.parametrize(
    ("name", "path", "more"),
    [
        ("github", "/login/oauth/authorize", {"client_id": keys.GITHUB_CLIENT_ID, "login": "ana", "authorize": "1"}),
        ("slack", "/oauth/v2/authorize", {"client_id": keys.SLACK_CLIENT_ID, "user": "UANA", "allow": "1"}),
    ],
)
def test_the_consent_page_may_lead_back_to_the_app(together, name, path, more):
    asked = {"redirect_uri": "http://127.0.0.1:8000/callback", "scope": "<b>", "state": "s", **more}
    page = together.session.get(together.urls[name] + path, params=asked, timeout=10)
    assert "&lt;b&gt;" in page.text
    assert f'action="{path}"' in page.text
    assert "form-action" not in page.headers["Content-Security-Policy"]  # it would forbid the redirect after the form
    back = together.session.post(together.urls[name] + path, data=asked, timeout=10, allow_redirects=False)
    assert back.headers["Location"].startswith("http://127.0.0.1:8000/callback?code=")


def test_mails_of_smtp_and_sendgrid_stand_in_one_list_the_newest_first(together):
    assert "Nothing has arrived yet." in together.call("GET", "/")
    together.send_by_smtp("Subject: <b>first</b>\r\n\r\noi")
    together.send_by_sendgrid()
    page = together.call("GET", "/")
    assert page.index("By SendGrid") < page.index("&lt;b&gt;first&lt;/b&gt;")
    assert "Nothing has arrived yet." not in page
    assert "Notas &lt;nota@example.com&gt;" in together.call("GET", "/mails/sendgrid-0")
    assert "Nada chegou" in together.call("POST", "/forget", headers={"Accept-Language": "pt"}, allow_redirects=True)


def test_a_mails_html_runs_no_script_loads_nothing_and_shows_its_own_pictures(together):
    message = EmailMessage()
    message["Subject"], message["From"] = "Olá", "Loja <ponte@example.com>"
    message.set_content("the text <b>")
    message.add_alternative('<script>1</script><img src="cid:logo">', subtype="html")
    message.get_payload()[1].add_related(b"a picture", "image", "png", cid="<logo>")
    message.add_attachment(b"x" * 2048, maintype="application", subtype="pdf", filename="nota.pdf")
    together.send_by_smtp(message.as_bytes(policy=SMTP))
    page = together.call("GET", "/mails/smtp-0")
    assert "the text &lt;b&gt;" in page
    assert "<b>nota.pdf</b> <small>application/pdf, 2 KiB</small>" in page
    assert "sandbox='allow-popups allow-popups-to-escape-sandbox'" in page
    inside = together.call("GET", "/mails/smtp-0/html")
    assert f"data:image/png;base64,{PICTURE}" in inside
    policy = together.answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy


@pytest.mark.parametrize("head", ["Subject: =?utf-8?b?!!!?=\r\nContent-Type: text/plain; charset=klingon", "To: <"])
def test_a_mail_that_no_parser_reads_is_shown_as_it_came(together, head):
    together.send_by_smtp(f"{head}\r\n\r\nhello")
    assert "hello" in together.call("GET", "/mails/smtp-0")
    assert together.answer.status_code == 200


def test_sendgrid_reports_to_the_address_that_a_person_entered(together, receiver):
    together.call("POST", "/events", data={"url": receiver.url})
    logo = {
        "content": PICTURE,
        "filename": "logo.png",
        "type": "image/png",
        "disposition": "inline",
        "content_id": "logo",
    }
    together.send_by_sendgrid(attachments=[logo], custom_args={"plugfn_reference": "r1"})
    first = receiver.wait(1)[0]["body"]
    assert [(each["event"], each["email"]) for each in first] == [
        ("processed", "bia@example.com"),
        ("delivered", "bia@example.com"),
    ]
    assert {each["plugfn_reference"] for each in first} == {"r1"}
    assert f"data:image/png;base64,{PICTURE}" in together.call("GET", "/mails/sendgrid-0/html")
    together.call("POST", "/mails/sendgrid-0/events", data={"event": "bounce"})
    assert receiver.wait(2)[1]["body"][0]["event"] == "bounce"
    assert "Last report: HTTP 200" in together.call("GET", "/mails/sendgrid-0")
    for path, form in (("/mails/sendgrid-0/events", {"event": "lunch"}), ("/events", {"url": "ftp://x"})):
        together.call("POST", path, data=form)
        assert together.answer.status_code == 400
    together.call("POST", "/events", data={"url": ""})


def test_a_taken_port_is_one_clear_line_and_status_1(together, monkeypatch, capsys):
    port = together.urls["github"].rpartition(":")[2]
    monkeypatch.setattr(sys, "argv", ["sandbox", "--port", f"slack={port}"])
    assert main() == 1
    assert capsys.readouterr().err.startswith(f"slack sandbox: cannot listen on 127.0.0.1:{port}:")


@pytest.mark.parametrize("argument", ["lunch=1", "github", "github=x"])
def test_a_wrong_port_is_status_2(argument, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sandbox", "--port", argument])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"{argument} is not NAME=PORT" in capsys.readouterr().err
