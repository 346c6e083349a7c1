"""Contacts, masked, their conversations, and the metadata of messages."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from apps.clients.browse import BrowseAdmin, BrowseTable, badge, link_to, moment
from apps.clients.browse.columns import EMPTY
from apps.integrations.conversations.masking import masked_email, masked_name, masked_phone
from apps.integrations.models import Contact, Conversation, Message
from lib.crypto import Unreadable

STATUS_TONES = {"open": "warning", "waiting": "info", "closed": ""}
STATE_TONES = {"failed": "danger", "unknown": "warning", "delivered": "success", "read": "success"}
# Names of columns, which Django makes from the code.
COLUMNS = (
    gettext_noop("assigned to"),
    gettext_noop("channel"),
    gettext_noop("direction"),
    gettext_noop("kind"),
    gettext_noop("last direction"),
    gettext_noop("length"),
    gettext_noop("opted out by"),
    gettext_noop("vendor id"),
)


class ConversationTable(BrowseTable):
    """The conversations of a contact."""

    model, key, title, ordering = Conversation, "contact", _("Conversations"), ("-last_message_at", "-pk")
    fields = (
        link_to("integration", _("integration"), lambda row: row.title),
        "channel",
        badge("status", _("status"), STATUS_TONES),
        moment("last_message_at", _("last message")),
    )


class MessageTable(BrowseTable):
    """The messages of a conversation, without their contents."""

    model, key, title, ordering = Message, "conversation", _("Messages"), ("-at", "-pk")
    fields = (moment("at", _("written")), "direction", "kind", badge("state", _("state"), STATE_TONES), "length")


@admin.register(Contact)
class ContactAdmin(BrowseAdmin):
    menu, icon = "integrations", "contacts"
    finds = _("The contact's or the client's id")
    search_fields = ("id__exact",)
    ordering = ("-created_at", "-pk")
    list_display = ("who", "phone_shown", "email_shown", "client_link", "opted_out", "created")
    list_select_related = ("client",)
    client_link = staticmethod(link_to("client", _("client")))
    opted_out = staticmethod(moment("opted_out_at", _("wants no messages since")))
    opted_in = staticmethod(moment("opted_in_at", _("took that back")))
    created = staticmethod(moment("created_at", _("created")))
    updated = staticmethod(moment("updated_at", _("changed")))
    sections = (
        (None, ("who", "phone_shown", "email_shown", "client_link")),
        (_("Automatic messages"), ("opted_out", "opted_out_by", "opted_in")),
        (_("When"), ("created", "updated")),
    )
    tables = (ConversationTable,)

    @admin.display(description=_("name"))
    def who(self, row: Contact) -> str:
        return _masked(row, "name", masked_name)

    @admin.display(description=_("phone"))
    def phone_shown(self, row: Contact) -> str:
        return _masked(row, "phone", masked_phone)

    @admin.display(description=_("e-mail"))
    def email_shown(self, row: Contact) -> str:
        return _masked(row, "email", masked_email)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        """By its id, or all of a client."""
        return _by_id(queryset, search_term), False


@admin.register(Conversation)
class ConversationAdmin(BrowseAdmin):
    menu, icon = "integrations", "forum"
    finds = _("The conversation's or the client's id")
    search_fields = ("id__exact",)
    ordering = ("-last_message_at", "-pk")
    list_display = ("channel", "status_badge", "contact_link", "integration_link", "client_link", "last")
    list_select_related = ("client", "contact", "integration", "assigned_to")
    status_badge = staticmethod(badge("status", _("status"), STATUS_TONES))
    contact_link = staticmethod(link_to("contact", _("contact")))
    integration_link = staticmethod(link_to("integration", _("integration"), lambda row: row.title))
    client_link = staticmethod(link_to("client", _("client")))
    last = staticmethod(moment("last_message_at", _("last message")))
    opened = staticmethod(moment("opened_at", pgettext_lazy("conversation", "opened")))
    ended = staticmethod(moment("closed_at", pgettext_lazy("conversation", "closed")))
    sections = (
        (None, ("channel", "status_badge", "contact_link", "integration_link", "client_link", "assigned_to")),
        (_("When"), ("opened", "last", "last_direction", "ended")),
    )
    tables = (MessageTable,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        """By its id, or all of a client."""
        return _by_id(queryset, search_term), False


@admin.register(Message)
class MessageAdmin(BrowseAdmin):
    menu, icon = "integrations", "chat"
    finds = _("The message's number")
    search_fields = ("id__exact",)
    list_display = ("id", "written", "direction", "kind", "state_badge", "length", "conversation_link", "client_link")
    list_select_related = ("client", "conversation")
    written = staticmethod(moment("at", _("written")))
    state_badge = staticmethod(badge("state", _("state"), STATE_TONES))
    conversation_link = staticmethod(link_to("conversation", _("conversation")))
    client_link = staticmethod(link_to("client", _("client")))
    edited = staticmethod(moment("edited_at", _("edited")))
    delivered = staticmethod(moment("delivered_at", _("delivered")))
    seen = staticmethod(moment("read_at", pgettext_lazy("message", "read")))
    sections = (
        (None, ("id", "direction", "kind", "state_badge", "length", "vendor_id", "conversation_link", "client_link")),
        (_("When"), ("written", "edited", "delivered", "seen")),
    )


def _masked(row: Contact, name: str, mask: Any) -> str:
    try:
        return str(mask(getattr(row, name))) or EMPTY
    except Unreadable:
        return EMPTY


def _by_id(queryset: QuerySet[Any], search_term: str) -> QuerySet[Any]:
    if not (word := search_term.strip()):
        return queryset
    try:
        key = UUID(word)
    except ValueError:
        return queryset.none()
    return queryset.filter(Q(pk=key) | Q(client=key))
