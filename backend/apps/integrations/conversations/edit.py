"""What people of a client write about a contact."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.integrations.conversations.contacts import LONGEST_NAME
from apps.integrations.conversations.person import email_of, typed_phone
from apps.integrations.models import Contact
from apps.integrations.sending.recipient import index_of


class NotEdited(ValueError):
    """The edit is refused and nothing has changed. `field` is the wrong one; the message, for people, says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Taken(NotEdited):
    """Another contact of the client has this phone number or e-mail address."""


def edit_contact(
    contact: Contact, *, name: str | None = None, phone: str | None = None, email: str | None = None
) -> Contact:
    """Change what is not None, and return the row; an empty text removes a value. Raises NotEdited.

    A name that is chosen here stays, whatever the vendor calls the contact. Without one, the vendor's next one counts.
    """
    values = {"phone": phone if phone is None else _phone(phone), "email": email if email is None else _email(email)}
    with transaction.atomic():
        row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        if name is not None:
            row.name = " ".join(name.split())[:LONGEST_NAME]
            row.name_is_own, row.named_at = bool(row.name), None
        for way, value in values.items():
            if value is not None:
                _set(row, way, value)
        row.updated_at = timezone.now()
        row.save()
    return row


def _set(row: Contact, way: str, value: str) -> None:
    setattr(row, way, value)
    setattr(row, f"{way}_index", index_of(value) if value else None)
    if not (row.phone_index or row.email_index or row.handle_index):
        raise NotEdited(way, _("A contact needs a phone number or an e-mail address."))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Taken(way, _("Another contact has this already.")) from None


def _phone(text: str) -> str:
    try:
        return typed_phone(text) if text.strip() else ""
    except ValueError:
        raise NotEdited("phone", _("This is not a phone number. Write it with its area code.")) from None


def _email(text: str) -> str:
    if not text.strip():
        return ""
    if not (address := email_of(text)):
        raise NotEdited("email", _("This is not an e-mail address."))
    return address


def lookup(way: str, text: str) -> dict[str, Any]:
    """The filter that finds a contact by a whole `phone` or `email`. Raises NotEdited for another text."""
    value = _email(text) if way == "email" else _phone(text)
    if not value:
        raise NotEdited(way, _("Write the whole number or address."))
    return {f"{way}_index": index_of(value)}
