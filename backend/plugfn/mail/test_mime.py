"""The written message: the standard library's parser reads it back; folding is checked in the raw text."""

import base64
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

from hypothesis import given
from hypothesis import strategies as st

from plugfn.mail.address import Mailbox
from plugfn.mail.mime import build, message_id
from plugfn.mail.send import SendEmail

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
FROM = Mailbox(email="nota@example.com", name="Notas, Ltda.")
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cn", "Cf"]), min_size=1, max_size=30)
LINES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


def written(**params):
    fields = {"to": ["ana@example.com"], "subject": "Hello", "text": "Hi"} | params
    sent = SendEmail.model_validate(fields)
    return build(FROM, sent, message_id=message_id("0123456789abcdef", FROM.email), now=NOW)


def read(**params):
    return message_from_bytes(written(**params), policy=default)


def test_the_headers_name_sender_recipients_and_date():
    message = read(cc=[{"email": "bob@example.com", "name": 'Bob "B" Silva'}], reply_to="r@example.com")
    assert message["From"].addresses[0].display_name == "Notas, Ltda."
    assert message["To"].addresses[0].addr_spec == "ana@example.com"
    assert message["Cc"].addresses[0].display_name == 'Bob "B" Silva'
    assert message["Reply-To"] == "r@example.com"
    assert message["Message-ID"] == "<0123456789abcdef@example.com>"
    assert message["Date"].datetime == NOW


def test_bcc_is_nowhere_in_the_message():
    assert b"secret@" not in written(bcc=["secret@example.com"])


def test_the_message_id_is_stable_and_cannot_inject_a_header():
    assert message_id("a" * 32, "x@example.com") == f"<{'a' * 32}@example.com>"
    odd = message_id("a>\r\nBcc: eve@example.com", "x@example.com")
    assert odd == message_id("a>\r\nBcc: eve@example.com", "x@example.com")
    assert "\r" not in odd
    assert "eve" not in odd


def test_long_ids_and_urls_are_not_rewritten():
    references = f"<{'a' * 120}@x.com> <{'b' * 90}@y.com>"
    url = "https://example.com/" + "u" * 300
    raw = written(headers={"References": references}, unsubscribe={"url": url, "one_click": True})
    assert f"<{url}>".encode() in raw
    assert f"<{'a' * 120}@x.com>\r\n <{'b' * 90}@y.com>".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_many_recipients_with_accents_keep_their_commas():
    people = [{"email": f"pessoa{n}@example.com", "name": f"João Conceição, {n}ª"} for n in range(100)]
    message = read(to=people)
    assert [(a.addr_spec, a.display_name) for a in message["To"].addresses] == [(p["email"], p["name"]) for p in people]


def test_text_that_looks_like_an_encoded_word_reads_back_unchanged():
    odd = "=?utf-8?q?Banco_Central?="
    message = message_from_bytes(written(subject=odd, to=[{"email": "ana@example.com", "name": odd}]))
    assert str(make_header(decode_header(message["Subject"]))) == odd
    assert str(make_header(decode_header(parseaddr(message["To"])[0]))) == odd


def test_text_html_inline_pictures_and_attachments_are_nested_as_mail_programs_expect():
    logo = {"filename": "logo.png", "content": base64.b64encode(b"PNG").decode(), "cid": "logo"}
    pdf = {"filename": "relatório final.pdf", "content": base64.b64encode(b"%PDF").decode()}
    message = read(html='<p>Oi <img src="cid:logo"></p>', attachments=[logo, pdf])
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    parts = list(message.walk())
    assert parts[5]["Content-ID"] == "<logo>"
    assert parts[5].get_content_disposition() == "inline"
    assert (parts[6].get_filename(), parts[6].get_content()) == ("relatório final.pdf", b"%PDF")


def test_a_text_part_is_derived_from_html():
    message = read(text=None, html="<p>Olá</p><p>Ana</p>")
    assert message.get_body(("plain",)).get_content() == "Olá\r\n\r\nAna\r\n"
    assert read(text=None, html="<img src=x>").get_body(("plain",)).get_content().strip() == ""


def test_an_accented_local_part_is_written_unchanged():
    assert "To: josé@example.com".encode() in written(to=["josé@example.com"])


@given(subject=LINES, name=LINES, text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_any_written_message_reads_back_unchanged(subject, name, text):
    raw = written(subject=subject, to=[{"email": "ana@example.com", "name": name[:100].strip()}], text=text or "x")
    message = message_from_bytes(raw, policy=default)
    assert message["Subject"] == " ".join(subject.split())
    assert message["To"].addresses[0].addr_spec == "ana@example.com"
    shown = parseaddr(message_from_bytes(raw)["To"])[0]
    assert str(make_header(decode_header(shown))) == " ".join(name[:100].split())
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == (text or "x").rstrip("\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
