"""One conversation: what was written, an answer, and who works on it."""

import secrets
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.integrations.conversations import verbs
from apps.integrations.conversations.answer import address_of, answer
from apps.integrations.conversations.person import EMAIL
from apps.integrations.conversations.verbs import NotPossible
from apps.integrations.models import Conversation, Message
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.conversation_words import Bubble, badge_of, bubble_of, channel_name, title_of
from apps.integrations.pages.words import error_words
from lib.errors import PonteError
from lib.pages.views import ListPage
from plugfn.errors import PlugFnError

LONGEST_TEXT = 4096
LONGEST_SUBJECT = 200


class AnswerForm(forms.Form):
    """What to write back. `key` makes two clicks on the button one message."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=LONGEST_SUBJECT)
    text = forms.CharField(
        label=gettext_lazy("Answer"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3})
    )
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, conversation: Conversation, data: Any = None) -> None:
        super().__init__(data, initial={"key": secrets.token_hex(16)}, auto_id="answer_%s")
        if conversation.channel != EMAIL:
            del self.fields["subject"]


class ConversationPage(IntegrationsPage):
    """What the views of one conversation share."""

    section = "conversations"

    def conversation(self, pk: UUID) -> Conversation:
        """The client's conversation; 404 for another client's."""
        rows = self.visible(Conversation).select_related("contact", "integration", "assigned_to")
        found: Conversation = self.get_or_404(rows.defer("integration__sealed"), pk=pk)
        return found


class Thread(ConversationPage, ListPage[Message]):
    """The messages, the newest at the bottom; and the form to answer."""

    template_name, order, page_size = "integrations/conversation.html", ("-at", "-id"), 40

    def get(self, request: HttpRequest, **path: Any) -> HttpResponse:
        self.shown = self.conversation(path["pk"])
        self.answer_form = AnswerForm(self.shown)
        return super().get(request)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Send an answer."""
        self.shown = self.conversation(pk)
        self.answer_form = AnswerForm(self.shown, request.POST)
        if not self.answer_form.is_valid():
            return self._again()
        try:
            sent = self.answer_form.cleaned_data
            answer(self.shown, sent["text"], subject=sent.get("subject", ""), key=f"page:{pk}:{sent['key']}")
        except (PonteError, PlugFnError) as error:
            self.answer_form.add_error(None, error_words(error.code))
            return self._again()
        return redirect("conversations:conversation", pk)

    def _again(self) -> HttpResponse:
        response = super().get(self.request)
        response.status_code = 422
        return response

    def rows(self) -> Any:
        return self.visible(Message).filter(conversation=self.shown)

    def present(self, rows: list[Message]) -> list[Bubble]:
        """From top to bottom."""
        return [bubble_of(row) for row in reversed(rows)]

    def more(self, rows: list[Message]) -> dict[str, Any]:
        conversation = self.shown
        is_closed = conversation.status == Conversation.Status.CLOSED
        tone, state = badge_of(conversation)
        can_reach = conversation.integration is not None and bool(
            address_of(conversation.contact, conversation.channel)
        )
        return {
            "conversation": conversation,
            "contact": conversation.contact,
            "title": title_of(conversation.contact),
            "channel": channel_name(conversation.channel),
            "tone": tone,
            "state": state,
            "is_closed": is_closed,
            "lacks_content": any(row.content_sealed is None and row.length for row in rows),
            "keeps_content": conversation.integration is not None and conversation.integration.keeps_content,
            "answer_form": self.answer_form if can_reach and not is_closed and self.membership.may_write else None,
            "can_reach": can_reach,
            "workers": verbs.workers(conversation.client_id) if self.membership.may_write else [],
        }


class Close(ConversationPage):
    """The button that ends it."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with transaction.atomic():
            self.note("conversation.close", verbs.close(self.conversation(pk)))
        messages.success(request, _("Closed. The contact's next message opens a new conversation."))
        return redirect("conversations:conversation", pk)


class Reopen(ConversationPage):
    """The button that takes that back."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        conversation = self.conversation(pk)
        try:
            with transaction.atomic():
                self.note("conversation.reopen", verbs.reopen(conversation))
        except NotPossible as error:
            messages.error(request, str(error))
        return redirect("conversations:conversation", pk)


class Assign(ConversationPage):
    """Who works on it."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        conversation, user = self.conversation(pk), _number(request.POST.get("user", ""))
        try:
            with transaction.atomic():
                self.note("conversation.assign", verbs.assign(conversation, user), user=user)
        except NotPossible as error:
            messages.error(request, str(error))
        return redirect("conversations:conversation", pk)


def _number(text: str) -> int | None:
    """The id of a person; None for no one. An id that nobody has for anything else."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
