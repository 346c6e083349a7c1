"""The reasons for which SendGrid refuses a mail, by the OpenAPI document of its v3 mail API."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
OURS = ("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding")
RESERVED = frozenset((*OURS, "to", "from", "subject", "reply-to", "cc", "bcc"))
MOST_RECIPIENTS = 1000
MOST_CATEGORIES = 10
MOST_CUSTOM_ARGS = 10_000

Problem = tuple[str, str]
"""The field and the message."""


def problems(body: object) -> list[Problem]:
    """Everything wrong with a request."""
    if not isinstance(body, dict):
        return [("", "Bad Request")]
    found = list(_personalizations(body))
    found += _mailbox(body.get("from"), "from", required=True)
    found += _mailbox(body.get("reply_to"), "reply_to", required=False)
    found += [*_subject(body), *_content(body), *_attachments(body), *_headers(body), *_rest(body)]
    return found


def _personalizations(body: dict[str, Any]) -> Iterator[Problem]:
    entries = body.get("personalizations")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_RECIPIENTS:
        yield "personalizations", "The personalizations field is required and must have at least one personalization."
        return
    for number, one in enumerate(entries):
        yield from _recipients(one, f"personalizations.{number}")


def _recipients(one: dict[str, Any], where: str) -> Iterator[Problem]:
    if not one.get("to"):
        yield f"{where}.to", "The to array is required for all personalization objects, and must have at least one."
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        for number, mailbox in enumerate(one.get(kind, [])):
            yield from _mailbox(mailbox, f"{where}.{kind}.{number}", required=True)
            address = str(mailbox.get("email", "")).lower() if isinstance(mailbox, dict) else ""
            if address in seen:
                yield where, "Each email address in the personalization block should be unique between to, cc, and bcc."
            seen.add(address)
    if len(seen) > MOST_RECIPIENTS:
        yield where, "There are too many recipients."


def _mailbox(found: object, where: str, *, required: bool) -> Iterator[Problem]:
    if found is None and not required:
        return
    if not isinstance(found, dict) or not ADDRESS.fullmatch(str(found.get("email", ""))):
        yield f"{where}.email", "Does not contain a valid address."
    elif set(found) - {"email", "name"} or not isinstance(found.get("name", ""), str):
        yield where, "Only an email and a name are known here."


def _subject(body: dict[str, Any]) -> Iterator[Problem]:
    own = [one.get("subject") for one in body.get("personalizations") or [{}] if isinstance(one, dict)]
    if not body.get("subject") and not all(own):
        yield "subject", "The subject is required. You can get around this requirement with a template."


def _content(body: dict[str, Any]) -> Iterator[Problem]:
    parts = body.get("content")
    if not isinstance(parts, list) or not parts:
        yield "content", "Unless a valid template_id is provided, the content parameter is required."
        return
    for number, part in enumerate(parts):
        if not part.get("value") or "\0" in part["value"]:
            yield f"content.{number}.value", "The content value must be a string at least one character in length."
    kinds = [part.get("type") for part in parts]
    if kinds != sorted(kinds, key=lambda kind: {"text/plain": 0, "text/html": 1}.get(kind, 2)):
        yield "content", "If present, text/plain must be first, followed by text/html, followed by any other content."


def _attachments(body: dict[str, Any]) -> Iterator[Problem]:
    for number, one in enumerate(body.get("attachments", [])):
        where = f"attachments.{number}"
        try:
            good = bool(base64.b64decode(one.get("content", ""), validate=True))
        except (binascii.Error, ValueError):
            good = False
        if not good:
            yield f"{where}.content", "The attachment content must be base64 encoded."
        if not one.get("filename") or set(one["filename"]) & set("\r\n"):
            yield f"{where}.filename", "The filename is required and must not contain CRLF characters."
        if one.get("disposition", "attachment") not in ("attachment", "inline"):
            yield f"{where}.disposition", "The disposition is inline or attachment."
        if one.get("disposition") == "inline" and not one.get("content_id"):
            yield f"{where}.content_id", "An inline attachment needs a content_id."


def _headers(body: dict[str, Any]) -> Iterator[Problem]:
    for name, value in body.get("headers", {}).items():
        if name.lower() in RESERVED:
            yield f"headers.{name}", "The header is reserved and cannot be set."
        if not isinstance(value, str) or not value.isascii() or not name.isascii():
            yield f"headers.{name}", "Header names and values are ASCII strings."


def _rest(body: dict[str, Any]) -> Iterator[Problem]:
    categories = body.get("categories", [])
    if len(categories) > MOST_CATEGORIES or len(set(categories)) < len(categories):
        yield "categories", "There are at most 10 categories, and they are unique."
    arguments = body.get("custom_args", {})
    if not all(isinstance(value, str) for value in arguments.values()):
        yield "custom_args", "Custom arguments are strings."
    if len(str(arguments).encode()) > MOST_CUSTOM_ARGS:
        yield "custom_args", "Custom arguments exceed 10000 bytes."
