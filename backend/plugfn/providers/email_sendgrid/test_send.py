"""Messages by SendGrid, sent through the whole library to the emulator."""

import base64
import json
import time
from dataclasses import replace

import pytest

from plugfn import errors
from plugfn.errors import InvalidParams, MissingScope, NeedsReconnect, OutcomeUnknown, PlugFnError, RateLimited
from plugfn.mail.address import Mailbox
from plugfn.mail.send import SendEmail
from plugfn.providers.email_sendgrid import actions
from plugfn.providers.email_sendgrid.conftest import PLAIN, fixture
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials
from plugfn.providers.email_sendgrid.definition import provider
from plugfn.providers.email_sendgrid.errors import CODES, STATUSES
from plugfn.providers.email_sendgrid.request import request

ERRORS = fixture("errors.json")
ONCE = replace(actions.send, retry="none")
"""The action without retries, so that tests of its errors do not wait."""


async def test_a_message_is_accepted_and_its_id_returned(account):
    async with account.bench() as bench:
        sent = await bench.call("messages.send", {**PLAIN, "cc": ["ANA@example.com", "bob@example.com"]})
    (mail,) = account.mails()
    assert sent.message_id == mail["message_id"]
    assert mail["body"]["custom_args"] == {"plugfn_reference": sent.reference}
    assert sent.accepted == ["ana@example.com", "bob@example.com"]
    assert sent.rejected == []


async def test_a_full_message_passes_sendgrids_own_rules(account):
    logo = {"filename": "logo.png", "content": base64.b64encode(b"PNG").decode(), "cid": "logo"}
    pdf = {"filename": "relatório, final; 2.pdf", "content": base64.b64encode(b"%PDF").decode()}
    full = {
        "cc": [{"email": "bob@bücher.example", "name": 'Bob, o "B"'}],
        "bcc": ["eva@example.com"],
        "reply_to": "r@example.com",
        "html": '<p>Oi</p><img src="cid:logo">',
        "attachments": [logo, pdf],
        "headers": {"Precedence": "bulk"},
        "unsubscribe": {"url": "https://example.com/u", "one_click": True},
    }
    async with account.bench() as bench:
        await bench.call("messages.send", {**PLAIN, **full})
    body = account.mails()[0]["body"]
    assert body["personalizations"][0]["bcc"] == [{"email": "eva@example.com"}]
    assert body["from"] == {"email": "nota@example.com", "name": "Notas"}
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert [each["disposition"] for each in body["attachments"]] == ["inline", "attachment"]
    assert body["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_a_message_with_only_html_gets_a_derived_text(account):
    async with account.bench() as bench:
        await bench.call("messages.send", {"to": ["ana@example.com"], "subject": "x", "html": "<p>Olá</p>"})
    assert account.mails()[0]["body"]["content"][0] == {"type": "text/plain", "value": "Olá"}


async def test_a_message_may_have_a_thousand_recipients(account):
    async with account.bench() as bench:
        sent = await bench.call("messages.send", {**PLAIN, "to": [f"a{n}@example.com" for n in range(1000)]})
    assert len(sent.accepted) == 1000


async def test_a_message_that_sendgrid_would_refuse_is_not_sent(account):
    async with account.bench() as bench:
        for wrong in ({"to": ["josé@example.com"]}, {"from_email": "presidente@example.com"}):
            with pytest.raises(InvalidParams):
                await bench.call("messages.send", {**PLAIN, **wrong})
    assert account.emulator.requests() == []


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: row["name"])
async def test_an_answer_raises_the_error_of_its_row(account, row):
    account.emulator.fault(
        "POST /v3/mail/send", kind="answer", count=None, **{name: row[name] for name in ("status", "headers", "body")}
    )
    async with account.bench() as bench:
        with pytest.raises(PlugFnError) as refused:
            await bench.plug.run(ONCE, user_id="ana", params=PLAIN)
    assert type(refused.value) is getattr(errors, row["error"])
    assert refused.value.code == row["code"]
    assert account.mails() == []


def test_every_row_of_the_table_has_an_example():
    assert set(CODES) <= {row["code"] for row in ERRORS}
    assert set(STATUSES) <= {row["status"] for row in ERRORS if row["code"].startswith("http_")}


async def test_an_error_names_the_field_and_not_its_value(account):
    body = {"errors": [{"message": "ana@example.com is bad", "field": "personalizations.0.to.0.email"}]}
    account.emulator.fault(kind="answer", status=400, body=body)
    async with account.bench() as bench:
        with pytest.raises(errors.InvalidCall, match=r"personalizations\.0\.to\.0\.email") as refused:
            await bench.call("messages.send", PLAIN)
    assert "ana@" not in str(refused.value)


async def test_a_used_up_limit_says_when_it_resets(account):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 40)}
    account.emulator.fault(kind="answer", status=429, headers=headers)
    async with account.bench() as bench:
        with pytest.raises(RateLimited) as limited:
            await bench.plug.run(ONCE, user_id="ana", params=PLAIN)
    assert 30 < limited.value.retry_after <= 40


async def test_a_limit_that_is_not_used_up_has_no_wait(account):
    headers = {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(int(time.time()) + 40)}
    account.emulator.fault(kind="answer", status=429, headers=headers)
    async with account.bench() as bench:
        with pytest.raises(RateLimited) as limited:
            await bench.plug.run(ONCE, user_id="ana", params=PLAIN)
    assert limited.value.retry_after is None


async def test_a_used_up_plan_leaves_the_connection_active(account):
    account.emulator.fault(kind="answer", status=401, body={"errors": [{"message": "Maximum credits exceeded"}]})
    async with account.bench() as bench:
        with pytest.raises(RateLimited):
            await bench.plug.run(ONCE, user_id="ana", params=PLAIN)
        connection = await bench.plug.connections.get(bench.connection.id, "ana")
    assert connection.status == "active"


async def test_a_missing_answer_is_an_unknown_outcome_and_not_retried(account):
    account.emulator.fault(kind="reset", after=True)
    async with account.bench() as bench:
        with pytest.raises(OutcomeUnknown):
            await bench.call("messages.send", PLAIN)
    assert len(account.mails()) == 1


async def test_an_answer_without_an_id_is_a_success(account):
    account.emulator.fault(kind="answer", status=202)
    async with account.bench() as bench:
        sent = await bench.call("messages.send", PLAIN)
    assert sent.message_id == sent.reference


async def test_the_connection_test_checks_the_permission_and_sends_nothing(account):
    async with account.bench() as bench:
        assert await bench.test() == "nota@example.com"
    async with account.bench(api_key=account.keys["limited_key"]) as bench:
        with pytest.raises(MissingScope):
            await bench.test()
    async with account.bench(api_key="SG.0123456789.0123456789") as bench:
        with pytest.raises(NeedsReconnect):
            await bench.test()
    assert account.mails() == []
    assert {seen["path"] for seen in account.emulator.requests()} == {"/v3/scopes"}


async def test_the_key_is_sent_and_never_shown(account):
    async with account.bench() as bench:
        await bench.call("messages.send", PLAIN)
        assert account.keys["api_key"] not in repr(await bench.logs())
    (seen,) = account.emulator.requests()
    assert seen["headers"]["authorization"] == f"Bearer {account.keys['api_key']}"
    assert account.keys["api_key"] not in seen["path"] + json.dumps(seen["query"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": "sk-0123456789012345678901234"},
        {"api_key": "SG.short"},
        {"api_key": "SG.0123456789\r\nX-Evil: 1 012345"},
        {"api_key": "SG.01234567890123456 789"},
        {"region": "mars"},
        {"webhook_key": "not a key"},
        {"from_email": ""},
        {"base_url": "https://evil.example"},
    ],
)
async def test_invalid_credentials_are_refused_when_they_are_entered(account, wrong):
    with pytest.raises(InvalidParams) as refused:
        async with account.bench(**wrong):
            pytest.fail("they are wrong")
    assert "0123456789" not in str(refused.value)


def test_the_european_region_has_its_own_host():
    sender = {"api_key": "SG.0123456789.0123456789", "from_email": "nota@example.com"}
    settings = provider.settings()
    for region, host in (("us", "https://api.sendgrid.com"), ("eu", "https://api.eu.sendgrid.com")):
        assert provider.origin(settings, SendGridCredentials(**sender, region=region)).url == host


def test_unset_optional_parts_are_not_sent():
    body = request(Mailbox(email="nota@example.com"), SendEmail.model_validate(PLAIN), "r1")
    assert set(body) == {"personalizations", "from", "subject", "content", "custom_args"}
    assert set(body["personalizations"][0]) == {"to"}
