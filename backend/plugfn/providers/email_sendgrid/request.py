"""The body of POST /v3/mail/send. Source: the OpenAPI document of SendGrid's v3 mail API."""

from typing import Any

from plugfn.errors import InvalidParams, Problem
from plugfn.mail.address import Mailbox
from plugfn.mail.plain import text_of
from plugfn.mail.send import Attachment, SendEmail

REFERENCE = "plugfn_reference"
"""The custom argument that every event of the message carries. SendGrid knows no idempotency key."""


def request(sender: Mailbox, params: SendEmail, reference: str) -> dict[str, Any]:
    """The message as SendGrid takes it. Raises InvalidParams for an address that it does not."""
    _check([sender, *params.to, *params.cc, *params.bcc, *([params.reply_to] if params.reply_to else [])])
    people = {"to": params.to, "cc": params.cc, "bcc": params.bcc}
    made: dict[str, Any] = {
        "personalizations": [{kind: [_mailbox(one) for one in found] for kind, found in people.items() if found}],
        "from": _mailbox(sender),
        "subject": params.subject,
        "content": _content(params),
        "custom_args": {REFERENCE: reference},
    }
    if params.reply_to:
        made["reply_to"] = _mailbox(params.reply_to)
    if params.attachments:
        made["attachments"] = [_attachment(one) for one in params.attachments]
    if headers := params.extra_headers():
        made["headers"] = headers
    return made


def _check(mailboxes: list[Mailbox]) -> None:
    if not all(mailbox.email.isascii() for mailbox in mailboxes):
        problem = Problem("to", "an address has other than ASCII letters before the @")
        raise InvalidParams("SendGrid does not take such an address", problems=[problem])


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    return {"email": mailbox.email, "name": mailbox.name} if mailbox.name else {"email": mailbox.email}


def _content(params: SendEmail) -> list[dict[str, str]]:
    text = params.text or text_of(params.html or "") or " "
    parts = [{"type": "text/plain", "value": text}]
    return [*parts, {"type": "text/html", "value": params.html}] if params.html else parts


def _attachment(attachment: Attachment) -> dict[str, str]:
    made = {"content": attachment.content, "filename": attachment.filename, "type": attachment.content_type}
    if attachment.cid:
        return made | {"disposition": "inline", "content_id": attachment.cid}
    return made | {"disposition": "attachment"}
