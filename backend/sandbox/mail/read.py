"""A mail as people see it, read from what the emulators of SMTP and SendGrid stored."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import lru_cache
from typing import Any

from sandbox.sendgrid.app import recipients

UNREADABLE = (LookupError, ValueError, AttributeError, TypeError)
"""What Python's parser raises for headers and charsets that are none."""


@dataclass(frozen=True)
class Head:
    """A line of the list. `at`: seconds since 1970. `to`: those who get it."""

    key: str
    by: str
    at: float
    sender: str
    to: tuple[str, ...]
    subject: str


@dataclass(frozen=True)
class File:
    """An attachment; `size` in bytes."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Body:
    """What is inside. `html` shows its own pictures as data: URLs."""

    text: str = ""
    html: str = ""
    files: tuple[File, ...] = ()


def smtp_head(key: str, mail: dict[str, Any]) -> Head:
    """From the first lines alone: the list is read every second, and a mail may have 30 MB."""
    end = mail["data"].find("\r\n\r\n")
    message = _parsed_head(mail["data"][: None if end < 0 else end])
    sender, subject = _header(message, "From") or str(mail["from"]), _header(message, "Subject")
    return Head(key, "SMTP", mail["at"], sender, tuple(mail["to"]), subject)


def smtp_body(mail: dict[str, Any]) -> Body:
    """Text, HTML and attachments. What cannot be read is shown as it came."""
    message = _parsed(mail["data"])
    try:
        text, page = (_part(message, kind) for kind in ("plain", "html"))
        files = tuple(File(part.get_filename() or "", part.get_content_type(), _size(part)) for part in _files(message))
        return Body(text, _with_pictures(page, _pictures(message)), files)
    except UNREADABLE:
        return Body(text=mail["data"])


def sendgrid_head(key: str, mail: dict[str, Any]) -> Head:
    """From the body of /v3/mail/send."""
    body, first = mail["body"], mail["body"]["personalizations"][0]
    subject = str(first.get("subject") or body.get("subject") or "")
    return Head(key, "SendGrid", mail["at"], _mailbox(body["from"]), tuple(recipients(mail)), subject)


def sendgrid_body(mail: dict[str, Any]) -> Body:
    """Text, HTML and attachments."""
    parts = {part["type"]: part["value"] for part in mail["body"]["content"]}
    attached = mail["body"].get("attachments", [])
    files = tuple(File(each["filename"], each.get("type", ""), _decoded_size(each["content"])) for each in attached)
    pictures = {
        each["content_id"]: _data(each.get("type", ""), each["content"]) for each in attached if "content_id" in each
    }
    return Body(parts.get("text/plain", ""), _with_pictures(parts.get("text/html", ""), pictures), files)


@lru_cache(maxsize=256)
def _parsed_head(lines: str) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(lines.encode(), headersonly=True)


@lru_cache(maxsize=4)
def _parsed(data: str) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(data.encode())


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except (*UNREADABLE, IndexError):
        return ""


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _files(message: EmailMessage) -> Iterator[EmailMessage]:
    """Attachments, and the pictures inside the HTML."""
    for part in message.walk():
        if part.get_filename() or part.get_content_disposition() == "attachment":
            yield part


def _size(part: EmailMessage) -> int:
    content = part.get_payload(decode=True)
    return len(content) if isinstance(content, bytes) else len(part.as_bytes())


def _pictures(message: EmailMessage) -> dict[str, str]:
    found = {}
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part["Content-ID"] and isinstance(content, bytes):
            found[str(part["Content-ID"]).strip("<> ")] = _data(
                part.get_content_type(), base64.b64encode(content).decode()
            )
    return found


def _with_pictures(page: str, pictures: dict[str, str]) -> str:
    for name, url in pictures.items():
        page = page.replace(f"cid:{name}", url)
    return page


def _data(kind: str, encoded: str) -> str:
    return f"data:{kind};base64,{encoded}"


def _decoded_size(encoded: str) -> int:
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def _mailbox(found: dict[str, str]) -> str:
    return f"{found['name']} <{found['email']}>" if found.get("name") else found["email"]
