"""Builds the message that is sent over SMTP, with the standard library but with our own header folding.

The library's folding (Python 3.11) rewrites message ids and URLs that are longer than a line as encoded words, and
encodes commas between addresses (CVE-2025-1795), so that receivers no longer recognise them. Ours only breaks lines at
spaces.
"""

import re
from datetime import datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, quote
from hashlib import sha256
from typing import Any, ClassVar, Literal

from plugfn.mail.address import Mailbox
from plugfn.mail.plain import text_of
from plugfn.mail.send import Attachment, SendEmail

LINE = 76
FIT_FOR_AN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class Folded(BaseHeader):
    """A header whose value is already encoded; its lines may only be broken at spaces."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Takes the value unchanged: encoded words stay encoded."""
        kwds["parse_tree"], kwds["decoded"] = None, value

    def fold(self, *, policy: "Policy[Any]") -> str:
        """The header's lines."""
        lines = [f"{self.name}:"]
        for word in str(self).split():
            if len(lines[-1]) + 1 + len(word) > LINE and lines[-1].strip() != f"{self.name}:":
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep


def policy(utf8: bool) -> "EmailPolicy[EmailMessage]":
    """How the message is written: with 7-bit bodies; `utf8` if an address needs SMTPUTF8 (RFC 6531)."""
    registry = HeaderRegistry()
    for name in ("from", "to", "cc", "reply-to", "subject", "message-id", "in-reply-to", "references"):
        registry.map_to_type(name, Folded)
    for name in ("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "x-entity-ref-id"):
        registry.map_to_type(name, Folded)
    return SMTP.clone(header_factory=registry, cte_type="7bit", utf8=utf8)


def message_id(reference: str, sender: str) -> str:
    """The Message-ID of a call's message: the same in every attempt, to search for after an unknown outcome."""
    unique = reference if FIT_FOR_AN_ID.fullmatch(reference) else sha256(reference.encode()).hexdigest()[:32]
    return f"<{unique}@{sender.rpartition('@')[2]}>"


def needs_utf8(sender: Mailbox, params: SendEmail) -> bool:
    """Whether an address has a local part that needs SMTPUTF8."""
    replies = [params.reply_to.email] if params.reply_to else []
    return not all(address.isascii() for address in (sender.email, *params.recipients(), *replies))


def build(sender: Mailbox, params: SendEmail, *, message_id: str, now: datetime) -> bytes:
    """The whole message with CRLF line ends. It does not name the bcc recipients."""
    message = EmailMessage(policy=policy(needs_utf8(sender, params)))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["From"] = _mailboxes([sender])
    message["To"] = _mailboxes(params.to)
    if params.cc:
        message["Cc"] = _mailboxes(params.cc)
    if params.reply_to:
        message["Reply-To"] = _mailboxes([params.reply_to])
    message["Subject"] = _encoded(params.subject)
    for name, value in params.extra_headers().items():
        message[name] = value
    _fill(message, params)
    return message.as_bytes()


def _fill(message: EmailMessage, params: SendEmail) -> None:
    message.set_content(params.text or text_of(params.html or "") or " ")
    inline = [attachment for attachment in params.attachments if attachment.cid]
    if params.html:
        message.add_alternative(params.html, subtype="html")
        page: Any = message.get_payload()
        for attachment in inline:
            page[-1].add_related(attachment.data(), **_described(attachment))
    for attachment in params.attachments:
        if not attachment.cid:
            message.add_attachment(attachment.data(), **_described(attachment))


def _described(attachment: Attachment) -> dict[str, Any]:
    main, _, sub = attachment.content_type.partition("/")
    inline = {"cid": f"<{attachment.cid}>", "disposition": "inline"} if attachment.cid else {}
    return {"maintype": main, "subtype": sub, "filename": attachment.filename, **inline}


def _mailboxes(mailboxes: list[Mailbox]) -> str:
    return ", ".join(_mailbox(mailbox) for mailbox in mailboxes)


def _mailbox(mailbox: Mailbox) -> str:
    name = " ".join(mailbox.name.split())
    if not name:
        return mailbox.email
    if not name.isascii() or "=?" in name:
        return f"{_encoded(name)} <{mailbox.email}>"
    return f"{name if ATOM.fullmatch(name) else _quoted(name)} <{mailbox.email}>"


def _quoted(name: str) -> str:
    return f'"{quote(name)}"'


def _encoded(text: str) -> str:
    text = " ".join(text.split())
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=LINE, header_name="Reply-To").encode(linesep="")
