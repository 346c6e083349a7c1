"""The parameters of `messages.send`, and what is refused before anything is sent."""

import base64

import pytest
from pydantic import ValidationError

from plugfn.errors import InvalidParams
from plugfn.mail.send import HEADERS, MOST_BYTES, SendEmail
from plugfn.mail.sender import Sender
from plugfn.problems import validated

PLAIN = {"to": ["ana@example.com"], "subject": "Hello", "text": "Hi"}
BREAKS = ["\r\nBcc: eve@example.com", "\nX: y", "\r", "\0", "\u2028", "\x85"]


def email(**more):
    return SendEmail.model_validate({**PLAIN, **more})


def attachment(**more):
    return {"filename": "nota.pdf", "content": base64.b64encode(b"%PDF").decode(), **more}


def refused(**more):
    """What the library's own validation says about it: never the value."""
    with pytest.raises(InvalidParams) as error:
        validated(SendEmail, {**PLAIN, **more}, "the parameters")
    return str(error.value)


def test_a_recipient_is_an_address_or_an_address_with_a_name():
    sent = email(cc=[{"email": "Bob@Example.com", "name": "Bob Marley"}])
    assert sent.to[0].email == "ana@example.com"
    assert (sent.cc[0].email, sent.cc[0].name) == ("Bob@example.com", "Bob Marley")


def test_a_repeated_address_stays_only_where_it_appears_first():
    sent = email(to=["a@x.com", "A@X.com"], cc=["b@x.com", "a@x.COM"], bcc=["B@x.com", "c@x.com", "a@x.com"])
    assert sent.recipients() == ["a@x.com", "b@x.com", "c@x.com"]
    assert [mailbox.email for mailbox in sent.bcc] == ["c@x.com"]


@pytest.mark.parametrize("evil", BREAKS)
@pytest.mark.parametrize(
    "place",
    [
        lambda evil: {"subject": f"Hi{evil}"},
        lambda evil: {"to": [f"ana@example.com{evil}"]},
        lambda evil: {"to": [{"email": "ana@example.com", "name": f"Ana{evil}"}]},
        lambda evil: {"bcc": [{"email": f"an{evil}a@example.com"}]},
        lambda evil: {"reply_to": {"email": "ana@example.com", "name": f"Ana{evil}"}},
        lambda evil: {"from_name": f"Ana{evil}"},
        lambda evil: {"from_email": f"ana@example.com{evil}"},
        lambda evil: {"attachments": [attachment(filename=f"a{evil}.pdf")]},
        lambda evil: {"attachments": [attachment(content_type=f"text/plain{evil}")]},
        lambda evil: {"attachments": [attachment(cid=f"a{evil}")], "html": "<p>"},
        lambda evil: {"headers": {"Precedence": f"bulk{evil}"}},
        lambda evil: {"headers": {f"Precedence{evil}": "bulk"}},
        lambda evil: {"unsubscribe": {"url": f"https://example.com/{evil}"}},
        lambda evil: {"unsubscribe": {"email": f"a@example.com{evil}"}},
    ],
)
def test_a_line_break_is_refused_wherever_it_could_inject_a_header(place, evil):
    assert "eve@" not in refused(**place(evil))


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": []},
        {"to": "ana@example.com"},
        {"subject": ""},
        {"text": None},
        {"text": "a\0b"},
        {"text": "\ud800"},
        {"to": [f"a{n}@example.com" for n in range(1001)]},
        {"to": ["a@x.com"] + [f"a{n}@x.com" for n in range(600)], "cc": [f"b{n}@x.com" for n in range(400)]},
        {"headers": {"Bcc": "eve@example.com"}},
        {"headers": {"X-SMTPAPI": "{}"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"Precedence": "é"}},
        {"attachments": [attachment(content="not base64!")]},
        {"attachments": [attachment(content="")]},
        {"attachments": [attachment(content_type="message/rfc822")]},
        {"attachments": [attachment(content_type="text/plain; charset=x")]},
        {"attachments": [attachment(cid="logo")]},
        {"attachments": [attachment(cid="a"), attachment(cid="a")], "html": "<p>"},
        {"attachments": [attachment()] * 21},
        {"unsubscribe": {}},
        {"unsubscribe": {"url": "http://example.com/"}},
        {"unsubscribe": {"url": "https://example.com/>,<https://evil.example/"}},
        {"unsubscribe": {"email": "a@example.com", "one_click": True}},
        {"template": "x"},
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(wrong):
    refused(**wrong)


def test_a_message_whose_parts_together_are_too_big_is_refused():
    big = base64.b64encode(b"x" * (MOST_BYTES // 2)).decode()
    email(attachments=[attachment(content=big)])
    assert "exceed" in refused(attachments=[attachment(content=big), attachment(content=big)])


def test_wrapped_base64_is_unwrapped():
    wrapped = base64.encodebytes(b"x" * 100).decode()
    sent = email(attachments=[attachment(content=wrapped)])
    assert sent.attachments[0].data() == b"x" * 100
    assert "\n" not in sent.attachments[0].content


@pytest.mark.parametrize(
    ("name", "guessed"), [("nota.pdf", "application/pdf"), ("x.unknown", "application/octet-stream")]
)
def test_the_media_type_is_guessed_from_the_file_name(name, guessed):
    assert email(attachments=[attachment(filename=name)]).attachments[0].content_type == guessed


def test_allowed_headers_are_matched_without_case():
    sent = email(headers={"precedence": " bulk "}, unsubscribe={"url": "https://example.com/u?x=1", "one_click": True})
    assert sent.extra_headers() == {
        "Precedence": "bulk",
        "List-Unsubscribe": "<https://example.com/u?x=1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    by_mail = email(unsubscribe={"url": "https://example.com/u", "email": "fora+a&b#c@example.com"})
    assert by_mail.extra_headers() == {
        "List-Unsubscribe": "<https://example.com/u>, <mailto:fora+a%26b%23c@example.com>"
    }
    assert not any(name.startswith(("x-smtpapi", "x-mc", "x-mailgun", "x-ses", "bcc")) for name in HEADERS)


def test_nothing_personal_is_shown_by_repr():
    sent = email(to=[{"email": "ana@example.com", "name": "Ana"}], subject="Dívida", text="Segredo")
    assert not any(word in repr(sent) for word in ("ana@", "Ana", "Dívida", "Segredo"))


def test_a_message_comes_from_the_connection_or_one_of_its_aliases():
    sender = Sender(from_email="nota@example.com", from_name="Notas", aliases=("oi@example.com",))
    assert (sender.mailbox(email()).email, sender.mailbox(email()).name) == ("nota@example.com", "Notas")
    assert sender.mailbox(email(from_email="OI@example.com", from_name="Oi")).name == "Oi"
    with pytest.raises(InvalidParams) as refusal:
        sender.mailbox(email(from_email="presidente@example.com"))
    assert "presidente" not in str(refusal.value)


def test_a_validation_error_does_not_repeat_the_value():
    with pytest.raises(ValidationError) as error:
        email(to=["not-an-address-of-ana"])
    assert "not-an-address-of-ana" not in str(error.value)
