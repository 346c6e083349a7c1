"""Who wants no more messages: a word opts out or in, and so does somebody of the client.

The last word counts by the time at which it was written, not at which it arrived.
"""

import unicodedata
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.events.emit import emit
from apps.events.models import Event
from apps.integrations.conversations.contacts import contact_of
from apps.integrations.conversations.person import EMAIL, Person, email_of
from apps.integrations.models import Contact

# Who decided, if it was no message.
BY_CLIENT = "client"
# No word is longer, so a long text is not looked at.
LONGEST_WORD = 80


class Choice(Enum):
    """What a message that is one word decides."""

    OUT = "out"
    IN = "in"


def choice_of(text: str) -> Choice | None:
    """What this text decides; None for every other text. Case, accents, punctuation and spaces do not matter."""
    word = _plain(text) if len(text) <= LONGEST_WORD else ""
    if not word:
        return None
    if word in map(_plain, settings.OPT_OUT_WORDS):
        return Choice.OUT
    return Choice.IN if word in map(_plain, settings.OPT_IN_WORDS) else None


def is_opted_out(contact: Contact) -> bool:
    """Whether nothing automatic may be sent to the contact now. It asks the database: the answer must not be old."""
    return Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=False).exists()


def wrote(contact: Contact, choice: Choice, *, channel: str, at: datetime, cause: Event | None = None) -> None:
    """The person decided by a word. The contact is locked; the words may come in any order."""
    if choice is Choice.OUT:
        _out(contact, by=channel, at=at, cause=cause)
    else:
        _in(contact, at, cause)


def opt_out(contact: Contact, *, by: str = BY_CLIENT) -> Contact:
    """Send nothing automatic to the contact from now on. Returns the row as it is then."""
    with transaction.atomic():
        row = _locked(contact)
        _out(row, by=by, at=timezone.now(), cause=None)
    return row


def opt_in(contact: Contact) -> Contact:
    """Somebody of the client takes an opt-out back. A word of the person's that arrives later opts out again."""
    with transaction.atomic():
        row = _locked(contact)
        if row.opted_out_at is not None:
            _let_in(row)
            _tell_in(row, BY_CLIENT, None)
    return row


def unsubscribed(client: UUID, email: str, *, at: datetime, cause: Event | None = None) -> Contact | None:
    """Somebody unsubscribed, or called a mail spam: their contact, opted out. Call it in a transaction.

    None for a text that is no address.
    """
    if not (address := email_of(email)):
        return None
    contact = contact_of(client, Person(email=address))
    _out(contact, by=EMAIL, at=min(at, timezone.now()), cause=cause)
    return contact


def _locked(contact: Contact) -> Contact:
    return Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)


def _out(contact: Contact, *, by: str, at: datetime, cause: Event | None) -> None:
    was_out = contact.opted_out_at is not None
    # At the same moment, the opt-out counts.
    if contact.opted_in_at is not None and at < contact.opted_in_at:
        return
    if contact.opted_out_at is not None and at <= contact.opted_out_at:
        return
    contact.opted_out_at, contact.opted_out_by = at, by
    _save(contact)
    if not was_out:
        payload = {"contact": str(contact.pk), "by": by}
        emit("contact.opted_out", mailbox=mailbox(contact), client=contact.client_id, payload=payload, caused_by=cause)


def _in(contact: Contact, at: datetime, cause: Event | None) -> None:
    if contact.opted_in_at is not None and at <= contact.opted_in_at:
        return
    contact.opted_in_at = at
    if contact.opted_out_at is None or contact.opted_out_at >= at:
        _save(contact)
        return
    by = contact.opted_out_by
    _let_in(contact)
    _tell_in(contact, by, cause)


def _let_in(contact: Contact) -> None:
    contact.opted_out_at, contact.opted_out_by = None, ""
    _save(contact)


def _tell_in(contact: Contact, by: str, cause: Event | None) -> None:
    payload = {"contact": str(contact.pk), "by": by}
    emit("contact.opted_in", mailbox=mailbox(contact), client=contact.client_id, payload=payload, caused_by=cause)


def _save(contact: Contact) -> None:
    contact.updated_at = timezone.now()
    contact.save(update_fields=["opted_out_at", "opted_out_by", "opted_in_at", "updated_at"])


def mailbox(contact: Contact) -> str:
    """Where the events about a contact wait."""
    return f"contact:{contact.pk}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
