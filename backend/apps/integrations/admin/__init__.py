"""Integrations in the admin: staff look at every table, and see neither a name, a whole number nor a content."""

from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _

from apps.clients.browse.cards import add_card
from apps.clients.browse.menu import HEADINGS, add_page
from apps.integrations.admin import cards, limits
from apps.integrations.admin.conversations import ContactAdmin, ConversationAdmin, MessageAdmin
from apps.integrations.admin.integrations import CallAdmin, IntegrationAdmin
from apps.integrations.admin.sends import SendAdmin

HEADINGS.setdefault("integrations", _("Integrations"))

add_page(
    "integrations",
    _("Limits now"),
    "speed",
    "admin:integrations_limits",
    limits.PERMISSION,
    path("integrations/limits/", admin.site.admin_view(limits.page), name="integrations_limits"),
)
add_card("sends", 65, cards.sends, "integrations.view_send")

__all__ = ["CallAdmin", "ContactAdmin", "ConversationAdmin", "IntegrationAdmin", "MessageAdmin", "SendAdmin"]
