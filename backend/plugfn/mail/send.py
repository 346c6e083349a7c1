"""The parameters and the result of `messages.send`, the same for every e-mail provider."""

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterable
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from plugfn.definition import Model, Result
from plugfn.mail.address import Address, Mailbox, folded
from plugfn.mail.line import Body, FileName, Line, Name, one_line

MOST_RECIPIENTS = 1000
"""To, cc and bcc together: SendGrid's limit for one request. A provider may accept fewer."""

MOST_BYTES = 18_000_000
"""Text, HTML and attachments together. Their base64 form stays below the 25 MB that most servers accept."""

HEADERS = {
    name.lower(): name
    for name in (
        "Auto-Submitted",
        "Feedback-ID",
        "Importance",
        "In-Reply-To",
        "List-Id",
        "Precedence",
        "References",
        "X-Auto-Response-Suppress",
        "X-Entity-Ref-ID",
        "X-Priority",
    )
}
"""The only headers that a caller may set: others could change the recipients, forge the origin, or control the relay
(X-SMTPAPI, X-MC-…, X-Mailgun-…)."""

MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
CONTENT_ID = r"^[A-Za-z0-9._-]{1,64}(@[A-Za-z0-9.-]{1,100})?$"
HTTPS_URL = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.:-]*(/[!#-;=?-~]*)?")


def _media_type(text: str) -> str:
    text = text.lower()
    if not MEDIA_TYPE.fullmatch(text) or text.startswith(("multipart/", "message/")):
        raise ValueError("must be a media type like application/pdf, without parameters")
    return text


def _base64(text: str) -> str:
    text = "".join(text.split())
    try:
        if not base64.b64decode(text, validate=True):
            raise ValueError("must not be empty")
    except binascii.Error:
        raise ValueError("must be base64") from None
    return text


def _https_url(text: str) -> str:
    if not HTTPS_URL.fullmatch(text):
        raise ValueError("must be an https URL in ASCII")
    return text


class Attachment(Model):
    """A file to attach. With `cid`, it is shown inside the HTML, which refers to it as `cid:<cid>`."""

    filename: FileName = Field(repr=False)
    content: Annotated[str, Field(max_length=MOST_BYTES * 3 // 2), AfterValidator(_base64)] = Field(repr=False)
    """The file's bytes in base64."""
    content_type: Annotated[str, AfterValidator(_media_type)] = ""
    """A media type, for example application/pdf. Default: guessed from the file name."""
    cid: str | None = Field(default=None, pattern=CONTENT_ID)

    @model_validator(mode="after")
    def _guess(self) -> Self:
        if not self.content_type:
            guessed = mimetypes.guess_type(self.filename)[0] or ""
            usable = MEDIA_TYPE.fullmatch(guessed) and not guessed.startswith(("multipart/", "message/"))
            self.content_type = guessed if usable else "application/octet-stream"
        return self

    def data(self) -> bytes:
        """The file's bytes."""
        return base64.b64decode(self.content)

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return len(self.content) * 3 // 4


class Unsubscribe(Model):
    """How a recipient can unsubscribe: the List-Unsubscribe header (RFC 2369), with one click by RFC 8058."""

    url: Annotated[str, Field(max_length=500), AfterValidator(_https_url)] | None = None
    email: Address | None = Field(default=None, repr=False)
    one_click: bool = False
    """A POST to the URL unsubscribes at once, without a confirmation page."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.url and (self.one_click or not self.email):
            raise ValueError("needs a url; without one_click, an email is enough")
        if self.email and not self.email.isascii():
            raise ValueError("the email must be ASCII")
        return self

    def headers(self) -> dict[str, str]:
        """The headers that tell mail programs how to unsubscribe."""
        ways = [f"<{self.url}>"] if self.url else []
        ways += [f"<mailto:{quote(self.email, safe='@+')}>"] if self.email else []
        post = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if self.one_click else {}
        return {"List-Unsubscribe": ", ".join(ways)} | post


class SendEmail(Model):
    """One message, with text, HTML or both. If there is no text, it is derived from the HTML.

    If an address appears more than once in to, cc and bcc (upper and lower case count as equal), only the first stays.
    """

    to: list[Mailbox] = Field(min_length=1, max_length=MOST_RECIPIENTS, repr=False)
    cc: list[Mailbox] = Field(default=[], max_length=MOST_RECIPIENTS, repr=False)
    bcc: list[Mailbox] = Field(default=[], max_length=MOST_RECIPIENTS, repr=False)
    reply_to: Mailbox | None = Field(default=None, repr=False)
    subject: Line = Field(min_length=1, repr=False)
    text: Body | None = Field(default=None, min_length=1, repr=False)
    html: Body | None = Field(default=None, min_length=1, repr=False, json_schema_extra={"escape": "html"})
    attachments: list[Attachment] = Field(default=[], max_length=20)
    headers: dict[str, Line] = Field(default={}, repr=False)
    """Extra headers. Only those in `HEADERS` are allowed."""
    from_email: Address | None = Field(default=None, repr=False)
    """The sender's address: the connection's own (default) or one of its aliases."""
    from_name: Name | None = Field(default=None, repr=False)
    """The sender's display name. Default: the connection's."""
    unsubscribe: Unsubscribe | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.text and not self.html:
            raise ValueError("needs a text or html")
        if self.size > MOST_BYTES:
            raise ValueError(f"text, html and attachments together exceed {MOST_BYTES} bytes")
        self._keep_first()
        if len(self.recipients()) > MOST_RECIPIENTS:
            raise ValueError(f"has more than {MOST_RECIPIENTS} recipients")
        self._check_inline()
        self.headers = dict(_allowed(self.headers))
        return self

    def _keep_first(self) -> None:
        seen: set[str] = set()
        for name in ("to", "cc", "bcc"):
            mailboxes = []
            for mailbox in getattr(self, name):
                if (key := folded(mailbox.email)) not in seen:
                    seen.add(key)
                    mailboxes.append(mailbox)
            setattr(self, name, mailboxes)

    def _check_inline(self) -> None:
        named = [attachment.cid for attachment in self.attachments if attachment.cid]
        if named and not self.html:
            raise ValueError("attachments with a cid need html")
        if len(set(named)) < len(named):
            raise ValueError("two attachments have the same cid")

    def recipients(self) -> list[str]:
        """All addresses of to, cc and bcc, in this order."""
        return [mailbox.email for mailbox in (*self.to, *self.cc, *self.bcc)]

    @property
    def size(self) -> int:
        """How many bytes text, HTML and attachments have together."""
        bodies = sum(len(part.encode()) for part in (self.text, self.html) if part)
        return bodies + sum(attachment.size for attachment in self.attachments)

    def extra_headers(self) -> dict[str, str]:
        """The caller's headers and the unsubscribe headers."""
        return self.headers | (self.unsubscribe.headers() if self.unsubscribe else {})


def _allowed(headers: dict[str, str]) -> Iterable[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() not in HEADERS:
            raise ValueError(f"only these headers may be set: {', '.join(HEADERS.values())}")
        if not one_line(value).isascii() or not value.strip():
            raise ValueError("a header's value must be ASCII and not empty")
        yield HEADERS[name.lower()], value.strip()


class Rejected(Result):
    """A recipient that the server refused. `permanent`: sending again does not help."""

    address: str = Field(repr=False)
    code: str
    reason: str
    permanent: bool


class Sent(Result):
    """A message that the provider accepted for delivery. Events, if the provider has them, say whether it arrived."""

    message_id: str
    """The provider's id of the message; over SMTP, the Message-ID that PlugFn chose."""
    reference: str
    """PlugFn's id of the message: the same in every attempt of one call. The message's events contain it."""
    accepted: list[str] = Field(repr=False)
    rejected: list[Rejected] = []
