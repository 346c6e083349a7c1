"""What the banks know of the person: masked at first, and whole on request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.audit.record import record
from apps.banking.models import Connection, Identity
from apps.banking.pages.connection_card import name_of
from apps.banking.pages.freshness import Freshness, freshness
from lib.pages.views import ClientPage

# A client has one identity for each connection.
MOST = 50
HIDDEN = "•••"


@dataclass(frozen=True)
class Fact:
    """One thing that a bank knows. Several values stand below each other."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """What one bank knows."""

    identity: Identity
    bank: str
    facts: list[Fact]
    freshness: Freshness
    is_open: bool


class Identities(ClientPage):
    """The profiles of all banks. A POST shows one of them whole, and the audit says so; the page is not kept."""

    template_name, section = "banking/identity.html", "identity"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._answer(None)

    def post(self, request: HttpRequest) -> HttpResponse:
        number = request.POST.get("identity", "")
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
        identity = self.get_or_404(self._rows(), pk=wanted)
        record("identity.reveal", actor=request.user.pk, client=identity.client_id, subject=identity)
        return self._answer(identity.pk)

    def _rows(self) -> Any:
        present = self.visible(Identity).live().exclude(connection__state=Connection.State.DELETED)
        return present.select_related("connection__connector")

    def _answer(self, opened: int | None) -> HttpResponse:
        rows = self._rows().order_by("-pk")[:MOST]
        return self.show(profiles=[profile_of(identity, identity.pk == opened) for identity in rows])


def profile_of(identity: Identity, is_open: bool) -> Profile:
    """What a bank knows, masked unless `is_open`."""
    facts = []
    for label, values, mask in _FIELDS:
        found = [text for value in values(identity) if (text := str(value or "").strip())]
        if found:
            facts.append(Fact(str(label), tuple(found if is_open else map(mask, found))))
    return Profile(identity, name_of(identity.connection), facts, freshness(identity.connection), is_open)


def masked_name(text: str) -> str:
    """The first name; of the others the first letter."""
    first, *others = text.split()
    return " ".join([first, *(f"{other[0]}{HIDDEN}" for other in others)])


def masked_number(text: str) -> str:
    """The last two letters or digits."""
    return re.sub(r"\w", "•", text[:-2]) + text[-2:]


def masked_email(text: str) -> str:
    """The first letter, and the place behind the @."""
    name, at, place = text.partition("@")
    return f"{name[:1]}{HIDDEN}{at}{place}" if at else HIDDEN


def masked_all(_text: str) -> str:
    return HIDDEN


def _shown(text: str) -> str:
    return text


def _each(name: str, key: str) -> Callable[[Identity], list[Any]]:
    """The values of `key` in the objects of a list."""

    def values(identity: Identity) -> list[Any]:
        rows = getattr(identity, name)
        return [row.get(key) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    return values


def _one(name: str) -> Callable[[Identity], list[Any]]:
    return lambda identity: [getattr(identity, name)]


def _birth(identity: Identity) -> list[Any]:
    return [str(identity.birth_date)[:10]] if identity.birth_date else []


def _addresses(identity: Identity) -> list[Any]:
    rows = identity.addresses if isinstance(identity.addresses, list) else []
    keys = ("primaryAddress", "city", "state", "postalCode")
    return [
        row.get("fullAddress") or ", ".join(str(row[key]) for key in keys if row.get(key))
        for row in rows
        if isinstance(row, dict)
    ]


def _profile(identity: Identity) -> list[Any]:
    word = identity.investor_profile
    return [_PROFILES.get(word.upper(), word)]


_PROFILES = {"CONSERVATIVE": _("Conservative"), "MODERATE": _("Moderate"), "AGGRESSIVE": _("Bold")}
Mask = Callable[[str], str]
_FIELDS: list[tuple[Any, Callable[[Identity], list[Any]], Mask]] = [
    (_("Name"), _one("full_name"), masked_name),
    (_("Company"), _one("company_name"), masked_name),
    (_("CPF or CNPJ"), _one("document"), masked_number),
    (_("Tax number"), _one("tax_number"), masked_number),
    (_("Born"), _birth, masked_all),
    (_("Work"), _one("job_title"), _shown),
    (_("E-mail"), _each("emails", "value"), masked_email),
    (_("Phone"), _each("phone_numbers", "value"), masked_number),
    (_("Address"), _addresses, masked_all),
    (_("Investor profile"), _profile, _shown),
]
