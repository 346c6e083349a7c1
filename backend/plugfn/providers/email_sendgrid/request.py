"""Builds the body of POST /v3/mail/send. Source: the OpenAPI document of SendGrid's v3 mail API."""

from typing import Any

from plugfn.errors import InvalidParams, Problem
from plugfn.mail.address import Mailbox
from plugfn.mail.plain import text_of
from plugfn.mail.send import Attachment, SendEmail

REFERENCE = "plugfn_reference"
"""The custom argument that every event of the message contains. SendGrid has no idempotency keys."""


def request(sender: Mailbox, params: SendEmail, reference: str) -> dict[str, Any]:
    """The message in SendGrid's format. Raises InvalidParams for an address that SendGrid does not accept."""
    _check([sender, *params.to, *params.cc, *params.bcc, *([params.reply_to] if params.reply_to else [])])
    people = {"to": params.to, "cc": params.cc, "bcc": params.bcc}
    body: dict[str, Any] = {
        "personalizations": [{kind: [_mailbox(each) for each in group] for kind, group in people.items() if group}],
        "from": _mailbox(sender),
        "subject": params.subject,
        "content": _content(params),
        "custom_args": {REFERENCE: reference},
    }
    if params.reply_to:
        body["reply_to"] = _mailbox(params.reply_to)
    if params.attachments:
        body["attachments"] = [_attachment(each) for each in params.attachments]
    if headers := params.extra_headers():
        body["headers"] = headers
    return body


def _check(mailboxes: list[Mailbox]) -> None:
    if not all(mailbox.email.isascii() for mailbox in mailboxes):
        problem = Problem("to", "an address has letters before the @ that are not ASCII")
        raise InvalidParams("SendGrid does not accept one of the addresses", problems=[problem])


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    return {"email": mailbox.email, "name": mailbox.name} if mailbox.name else {"email": mailbox.email}


def _content(params: SendEmail) -> list[dict[str, str]]:
    text = params.text or text_of(params.html or "") or " "
    parts = [{"type": "text/plain", "value": text}]
    return [*parts, {"type": "text/html", "value": params.html}] if params.html else parts


def _attachment(attachment: Attachment) -> dict[str, str]:
    document = {"content": attachment.content, "filename": attachment.filename, "type": attachment.content_type}
    if attachment.cid:
        return document | {"disposition": "inline", "content_id": attachment.cid}
    return document | {"disposition": "attachment"}
