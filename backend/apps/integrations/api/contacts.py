"""/api/contacts/: with whom a client exchanges messages, and who wants no more of them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.errors import Refused
from apps.api.fields import Id, Moment, StrictText, Text
from apps.api.inputs import Input, PageQuery, read_body
from apps.api.schema import described, one_of, page_of
from apps.api.scopes import Scope
from apps.api.views import ListView, answer
from apps.integrations.api.conversation_base import TAG, OfClient, found
from apps.integrations.conversations import opt_out
from apps.integrations.conversations.edit import NotEdited, Taken, edit_contact, lookup
from apps.integrations.conversations.masking import masked_email, masked_name, masked_phone
from apps.integrations.models import Contact
from lib.keyset import Keyset

LONGEST = 320


class ContactSerializer(serializers.Serializer[Any]):
    """A person with whom the client exchanges messages."""

    id = Id("The contact's id.")
    name = serializers.SerializerMethodField(help_text="The name; masked unless one contact is read with `identity`.")
    phone = serializers.SerializerMethodField(help_text="The number as E.164; masked in the same way. It may be empty.")
    email = serializers.SerializerMethodField(help_text="The e-mail address; masked in the same way. It may be empty.")
    is_masked = serializers.SerializerMethodField(help_text="Whether the three are masked.")
    opted_out = serializers.SerializerMethodField(help_text="Whether nothing automatic is sent to the contact.")
    opted_out_at = Moment("Since when.", null=True)
    opted_out_by = Text("The channel of the contact's own word, or `client` if somebody of the client did it.")
    created_at = Moment("When Ponte first heard of the contact.")

    def get_name(self, row: Contact) -> str:
        """As the caller may see it."""
        return str(row.name) if self._is_whole else masked_name(row.name)

    def get_phone(self, row: Contact) -> str:
        """As the caller may see it."""
        return str(row.phone) if self._is_whole else masked_phone(row.phone)

    def get_email(self, row: Contact) -> str:
        """As the caller may see it."""
        return str(row.email) if self._is_whole else masked_email(row.email)

    def get_is_masked(self, _row: Contact) -> bool:
        """The same for all three."""
        return not self._is_whole

    def get_opted_out(self, row: Contact) -> bool:
        """Now."""
        return row.opted_out_at is not None

    @property
    def _is_whole(self) -> bool:
        return bool(self.context.get("whole"))


class ContactQuery(PageQuery):
    """Which contacts a call asks for."""

    phone = serializers.CharField(
        max_length=LONGEST, required=False, help_text="The whole number, with or without the ninth digit."
    )
    email = serializers.CharField(max_length=LONGEST, required=False, help_text="The whole address.")
    opted_out = serializers.ChoiceField(["true", "false"], required=False, help_text="Who wants no messages, or does.")


class ContactEdit(Input):
    """What a call changes. A field that is not sent stays as it is."""

    name = StrictText(
        required=False, allow_blank=True, max_length=200, help_text="A name of your own; empty: the vendor's next one."
    )
    phone = StrictText(required=False, allow_blank=True, max_length=40, help_text="The number; empty removes it.")
    email = StrictText(required=False, allow_blank=True, max_length=LONGEST, help_text="The address; empty removes it.")


class ContactsView(OfClient, ListView):
    """The list."""

    name, shape, order, query = "contacts", ContactSerializer, Keyset(("-created_at", "-id")), ContactQuery

    def find(self, query: dict[str, Any]) -> QuerySet[Contact]:
        """Those that the query asks for."""
        rows = self.rows(Contact.objects.all())
        for name in ("phone", "email"):
            if name in query:
                rows = rows.filter(**_lookup(name, query[name]))
        if "opted_out" in query:
            rows = rows.filter(opted_out_at__isnull=query["opted_out"] == "false")
        return rows

    @described("Contacts", page_of("contacts", ContactSerializer), query=ContactQuery, tag=TAG)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first, masked. A number or an address finds exactly the contact that has it."""
        return super().get(request)


class ContactView(OfClient):
    """One contact."""

    @described("A contact", one_of("contact", ContactSerializer), tag=TAG)
    def get(self, request: Request, contact_id: UUID) -> Response:
        """With the scope `identity` name, number and address are in full, and the audit has a line for it."""
        row = _contact(self, contact_id)
        whole = Scope.IDENTITY in self.access.scopes
        if whole:
            trail.changed(self.access, "contact.read", row)
        return _shown(row, whole=whole)

    @described("Edit a contact", one_of("contact", ContactSerializer), body=ContactEdit, errors=(409,), tag=TAG)
    def patch(self, request: Request, contact_id: UUID) -> Response:
        """Changes the name, the number or the address. The answer is masked."""
        row, sent = _contact(self, contact_id), read_body(request, ContactEdit)
        try:
            with transaction.atomic():
                row = edit_contact(row, **sent)
                trail.changed(self.access, "contact.edit", row, fields=sorted(sent))
        except Taken as error:
            raise Refused(409, "CONTACT_EXISTS", str(error), field=error.field) from None
        except NotEdited as error:
            raise serializers.ValidationError({error.field: [str(error)]}) from None
        return _shown(row)


class OptOutView(OfClient):
    """The button that stops automatic messages."""

    @described("Opt a contact out", one_of("contact", ContactSerializer), tag=TAG)
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Nothing automatic is sent to the contact from now on. A second time changes nothing."""
        row = _contact(self, contact_id)
        with transaction.atomic():
            row = opt_out.opt_out(row)
            trail.changed(self.access, "contact.opt_out", row)
        return _shown(row)


class OptInView(OfClient):
    """The button that takes it back."""

    @described("Opt a contact in again", one_of("contact", ContactSerializer), tag=TAG)
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Only if the contact has agreed: the audit says who did it. A later word of the contact's opts out again."""
        row = _contact(self, contact_id)
        with transaction.atomic():
            row = opt_out.opt_in(row)
            trail.changed(self.access, "contact.opt_in", row)
        return _shown(row)


def _contact(view: OfClient, key: UUID) -> Contact:
    return found(view.rows(Contact.objects.all()), key)


def _shown(row: Contact, *, whole: bool = False) -> Response:
    return answer(contact=ContactSerializer(row, context={"whole": whole}).data)


def _lookup(name: str, text: str) -> dict[str, Any]:
    try:
        return lookup(name, text)
    except NotEdited as error:
        raise serializers.ValidationError({name: [str(error)]}) from None
