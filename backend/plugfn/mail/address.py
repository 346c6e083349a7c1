"""E-mail addresses: their syntax (RFC 5321 and 6531, without quoted local parts), and domains in ASCII."""

import re
import unicodedata
from typing import Annotated, Any

import idna
from pydantic import AfterValidator, Field, model_validator

from plugfn.definition import Model
from plugfn.mail.line import Name, one_line

ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]++"
LOCAL = re.compile(rf"{ATOM}(\.{ATOM})*+")
MOST_LOCAL, MOST = 64, 254
"""Octets: RFC 5321, 4.5.3.1.1 and 4.5.3.1.3."""

INVISIBLE = frozenset({"Cf", "Cn", "Co", "Zs"})


def ascii_domain(name: str) -> str:
    """A host name in DNS's ASCII form: `xn--bcher-kva.example` for `bücher.example`. Raises ValueError."""
    try:
        return idna.encode(name, uts46=True, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise ValueError("the domain is not a valid host name") from None


def address(text: str) -> str:
    """The address with its domain in ASCII. Raises ValueError, whose text does not contain the address."""
    local, at, domain = unicodedata.normalize("NFC", one_line(text)).rpartition("@")
    if not at or not _is_local(local):
        raise ValueError("must be an e-mail address like ana@example.com")
    domain = ascii_domain(domain)
    if "." not in domain or domain.endswith(".") or domain.rpartition(".")[2].isdigit():
        raise ValueError("the e-mail address needs a full host name after the @")
    if len(f"{local}@{domain}".encode()) > MOST:
        raise ValueError("the e-mail address is too long")
    return f"{local}@{domain}"


def _is_local(local: str) -> bool:
    invisible = any(unicodedata.category(character) in INVISIBLE for character in local)
    return bool(LOCAL.fullmatch(local)) and len(local.encode()) <= MOST_LOCAL and not invisible


def folded(text: str) -> str:
    """A key that is the same for two spellings of one address. Vendors treat local parts as case-insensitive.

    It folds only case: `straße@` and `strasse@` are two mailboxes."""
    return unicodedata.normalize("NFC", text).lower()


Address = Annotated[str, Field(max_length=320), AfterValidator(address)]


class Mailbox(Model):
    """An e-mail address and the display name shown with it. A plain string is read as the address."""

    email: Address = Field(repr=False)
    name: Name = Field(default="", repr=False)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"email": value} if isinstance(value, str) else value
