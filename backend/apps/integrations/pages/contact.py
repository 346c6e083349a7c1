"""One contact: what is known of them, whether they want messages, and their conversations."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.integrations.conversations import opt_out
from apps.integrations.conversations.contacts import LONGEST_NAME
from apps.integrations.conversations.edit import NotEdited, edit_contact
from apps.integrations.conversations.opt_out import BY_CLIENT
from apps.integrations.models import Contact, Conversation
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.conversation_words import channel_name, rows_of, title_of

# Conversations that the page shows; the list has them all.
SHOWN = 20


class ContactForm(forms.Form):
    """What the client writes about a contact."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=LONGEST_NAME)
    phone = forms.CharField(
        label=gettext_lazy("Phone"), required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"), required=False, max_length=320, widget=forms.TextInput(attrs={"type": "email"})
    )


class ContactPage(IntegrationsPage):
    """The contact, and the form that edits it."""

    template_name, section = "integrations/contact.html", "conversations"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        contact = self.contact(pk)
        values = {name: getattr(contact, name) for name in ("name", "phone", "email")}
        return self._answer(contact, ContactForm(initial=values))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        contact, form = self.contact(pk), ContactForm(request.POST)
        if not form.is_valid():
            return self._answer(contact, form, 422)
        sent = {name: value for name, value in form.cleaned_data.items() if value != getattr(contact, name)}
        try:
            with transaction.atomic():
                self.note("contact.edit", edit_contact(contact, **sent), fields=sorted(sent))
        except NotEdited as error:
            form.add_error(error.field, str(error))
            return self._answer(contact, form, 422)
        messages.success(request, _("Saved."))
        return redirect("conversations:contact", pk)

    def contact(self, pk: UUID) -> Contact:
        """The client's contact; 404 for another client's."""
        found: Contact = self.get_or_404(self.visible(Contact), pk=pk)
        return found

    def _answer(self, contact: Contact, form: ContactForm, status: int = 200) -> HttpResponse:
        own = self.visible(Conversation).filter(contact=contact).select_related("contact")
        return self.show(
            status,
            contact=contact,
            title=title_of(contact),
            form=form if self.membership.may_write else None,
            rows=rows_of(list(own.order_by("-last_message_at", "-pk")[:SHOWN])),
            opted_out_by=_who(contact),
        )


class OptOut(ContactPage):
    """The switch of automatic messages."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        contact, stops = self.contact(pk), request.POST.get("messages") == "off"
        with transaction.atomic():
            row = (opt_out.opt_out if stops else opt_out.opt_in)(contact)
            self.note("contact.opt_out" if stops else "contact.opt_in", row)
        stopped, resumed = _("No automatic messages any more."), _("Automatic messages are possible again.")
        messages.success(request, stopped if stops else resumed)
        return redirect("conversations:contact", pk)


def _who(contact: Contact) -> Any:
    """Where the opt-out comes from, in words; empty without one."""
    if contact.opted_out_at is None:
        return ""
    if contact.opted_out_by == BY_CLIENT:
        return _("somebody of this client switched them off")
    return _("the contact asked for it by %(channel)s") % {"channel": channel_name(contact.opted_out_by)}
