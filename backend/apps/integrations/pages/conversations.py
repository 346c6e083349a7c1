"""/conversations/: all of them, and the search for a contact."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.integrations.catalogue import ENTRIES
from apps.integrations.conversations.edit import NotEdited, lookup
from apps.integrations.models import Contact, Conversation, Integration
from apps.integrations.pages.conversation_words import CHANNELS, LEFT, STATES, Row, rows_of
from lib.pages.views import ListPage, SignedInPage

# Those whose messages are conversations with people.
_PROVIDERS = [entry.provider for entry in ENTRIES if entry.channel in CHANNELS]


class ConversationFilter(forms.Form):
    """Which conversations the list shows."""

    status = forms.ChoiceField(
        label=gettext_lazy("Status"), required=False, choices=[("", gettext_lazy("Any")), *STATES.items()]
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), required=False, choices=[("", gettext_lazy("Any")), *CHANNELS.items()]
    )


class Conversations(ListPage[Conversation]):
    """The list, the newest message first."""

    template_name, section = "integrations/conversations.html", "conversations"
    order, filter_form = ("-last_message_at", "-id"), ConversationFilter

    def rows(self) -> Any:
        return self.visible(Conversation).select_related("contact", "assigned_to")

    def filtered(self, rows: Any, chosen: dict[str, Any]) -> Any:
        rows = rows.filter(**{name: value for name, value in chosen.items() if value})
        return rows.exclude(LEFT) if chosen.get("status") == Conversation.Status.OPEN else rows

    def present(self, rows: list[Conversation]) -> list[Row]:
        return rows_of(rows)

    def more(self, rows: list[Conversation]) -> dict[str, Any]:
        has_any = bool(rows) or self.visible(Conversation).exists()
        has_channel = has_any or self.visible(Integration).filter(provider__in=_PROVIDERS).exists()
        return {"has_any": has_any, "has_channel": has_channel}


class Find(SignedInPage):
    """Looks for a contact by the whole number or address. By POST, so that neither stands in an address; it changes
    nothing, so a viewer may do it too."""

    def post(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("q", "").strip()
        if self.membership is None:
            return redirect("clients:none")
        try:
            wanted = lookup("email" if "@" in text else "phone", text)
        except NotEdited as error:
            messages.error(request, str(error))
            return redirect("conversations:list")
        contact = Contact.objects.visible_to(request.user).of(self.membership.client).filter(**wanted).first()
        if contact is None:
            messages.info(request, _("No contact has exactly this number or address."))
            return redirect("conversations:list")
        return redirect("conversations:contact", contact.pk)
