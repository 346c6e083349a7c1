"""Finds the contact of a person, or makes it. Two workers at once get the same one."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.integrations.conversations.merge import are_compatible, merge
from apps.integrations.conversations.person import WAYS, Person, index_of_contact
from apps.integrations.models import Contact
from lib.errors import Temporary

# Each attempt sees what another worker has committed in between.
ATTEMPTS = 5
LONGEST_NAME = 200


def find_contact(client: UUID, person: Person) -> Contact | None:
    """The contact, not locked; the one with the most certain match of several."""
    return _best(list(_matching(client, person)), person)


def contact_of(client: UUID, person: Person) -> Contact:
    """The contact, found or made, and locked until the caller's transaction ends: so work on one person has an order.

    Two contacts that turn out to be one person become one. Raises ValueError for a person without phone, e-mail and
    handle, and Temporary if other workers change the same contacts all the time.
    """
    if not person.is_named:
        raise ValueError("a person needs a phone number, an e-mail address or a handle")
    for _ in range(ATTEMPTS):
        found = _locked(client, person) or _made(client, person)
        if found is not None and (contact := _completed(found, person)) is not None:
            return contact
    raise Temporary("the contact is being changed by other workers", code="contact_busy")


def _matching(client: UUID, person: Person) -> list[Contact]:
    anyone = Q()
    for column, index in person.indexes.items():
        anyone |= Q(**{column: index})
    return list(Contact.objects.filter(anyone, client_id=client).order_by("pk")) if person.is_named else []


def _locked(client: UUID, person: Person) -> list[Contact]:
    # In the order of their ids, so that two workers never wait for each other.
    keys = [contact.pk for contact in _matching(client, person)]
    return list(Contact.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")) if keys else []


def _made(client: UUID, person: Person) -> list[Contact]:
    """The new contact; empty if another worker made it first, which is found then."""
    contact = Contact(client_id=client)
    _take(contact, person, WAYS)
    contact.created_at = contact.updated_at = timezone.now()
    Contact.objects.bulk_create([contact], ignore_conflicts=True)
    return list(Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk))


def _completed(found: list[Contact], person: Person) -> Contact | None:
    """The person's contact with all that is known of them now; None if another worker just took one of the values."""
    contact = _best(found, person)
    if contact is None:
        return None
    try:
        with transaction.atomic():
            taken = _absorbed(contact, found)
            if _take(contact, person, [way for way in WAYS if way not in taken]):
                contact.updated_at = timezone.now()
                contact.save()
    except IntegrityError:
        return None
    return contact


def _absorbed(contact: Contact, found: list[Contact]) -> set[str]:
    """Merge the others into it. Returns the ways that belong to contacts that are somebody else."""
    taken: set[str] = set()
    for other in found:
        if other.pk == contact.pk:
            continue
        if are_compatible(contact, other):
            merge(contact, other)
        else:
            taken |= {way for way in WAYS if index_of_contact(other, way) is not None}
    return taken


def _best(found: list[Contact], person: Person) -> Contact | None:
    """Of several, the one with the person's phone, else with the e-mail address, else with the handle."""
    indexes = person.indexes
    for way in WAYS:
        for contact in found:
            if (index := indexes.get(f"{way}_index")) is not None and index_of_contact(contact, way) == index:
                return contact
    return None


def _take(contact: Contact, person: Person, ways: Sequence[str]) -> bool:
    """Write what the person has in these ways, and a newer name. Whether that changed anything.

    A person may have a new number: the vendor's own id of them says that it is the same person.
    """
    indexes = person.indexes
    new = [way for way in ways if indexes.get(f"{way}_index") not in (None, index_of_contact(contact, way))]
    for way in new:
        setattr(contact, way, getattr(person, way))
        setattr(contact, f"{way}_index", indexes[f"{way}_index"])
    return _take_name(contact, person) or bool(new)


def _take_name(contact: Contact, person: Person) -> bool:
    name, at = " ".join(person.name.split())[:LONGEST_NAME], person.named_at
    if not name or contact.name_is_own or (contact.named_at and (at is None or at < contact.named_at)):
        return False
    if contact.named_at == at and contact.name >= name:
        return False
    contact.name, contact.named_at = name, at
    return True
