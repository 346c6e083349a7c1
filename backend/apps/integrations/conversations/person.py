"""A person as a message names them: by a phone number, an e-mail address, or the vendor's own id."""

from dataclasses import dataclass, field
from datetime import datetime

from apps.integrations.models import Contact
from apps.integrations.sending.recipient import index_of
from plugfn.mail.address import folded
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import DEFAULT_REGION, canonical, from_digits

WHATSAPP, EMAIL = "whatsapp", "email"
LONGEST = 320
# What a contact is found by, the most certain first.
WAYS = ("phone", "email", "handle")


class NoPerson(ValueError):
    """The text is neither a phone number nor an e-mail address. The message, for people, does not repeat it."""


@dataclass(frozen=True)
class Person:
    """Empty where unknown. A phone is E.164 with Brazil's ninth digit, so that each person has one number.

    `name` is what the vendor calls the person, `named_at` when it did.
    """

    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    handle: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    named_at: datetime | None = None

    @property
    def indexes(self) -> dict[str, bytes]:
        """The digests by which a contact is found, by the names of their columns."""
        return {f"{way}_index": index_of(value) for way in WAYS if (value := getattr(self, way))}

    @property
    def is_named(self) -> bool:
        """Whether there is anything to find them by."""
        return bool(self.phone or self.email or self.handle)


def index_of_contact(contact: Contact, way: str) -> bytes | None:
    """The stored digest."""
    stored = getattr(contact, f"{way}_index")
    return None if stored is None else bytes(stored)


def phone_of(number: str) -> str:
    """The E.164 form of a number that a vendor sends: digits with a country code. Empty if it is none."""
    return from_digits(number) or ""


def typed_phone(text: str, region: str = DEFAULT_REGION) -> str:
    """The E.164 form of a number as people write it. Raises ValueError, whose text does not contain it."""
    return canonical(text.strip(), region)


def email_of(text: str) -> str:
    """The address in the form in which it is compared. Empty if it is none."""
    address = folded(text.strip())
    local, _, domain = address.rpartition("@")
    is_one = local and "." in domain and not any(each.isspace() for each in address) and len(address) <= LONGEST
    return address if is_one else ""


def recipient(channel: str, text: str) -> Person | None:
    """The person to whom a send on this channel goes; None for a group, a Slack channel and the like."""
    if channel == EMAIL:
        address = email_of(text)
        return Person(email=address) if address else None
    if channel != WHATSAPP or not text or text.endswith("@g.us"):
        return None
    return Person(handle=text[:LONGEST]) if "@" in text else _by_phone(text)


def _by_phone(text: str) -> Person | None:
    try:
        return Person(phone=typed_phone(text))
    except ValueError:
        phone = phone_of(text) if text.startswith("+") else ""
        return Person(phone=phone) if phone else None
